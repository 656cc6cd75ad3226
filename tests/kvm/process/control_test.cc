// Named VMs and the commands on them, as a user has them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;
using Words = std::vector<std::string>;

// A folder for run directories of its own, and no VM left behind.
class Control : public testing::Test {
 protected:
  void SetUp() override {
    SKIFF_REQUIRE_KVM();
    ::setenv("XDG_RUNTIME_DIR", folder_.file("").c_str(), 1);
  }
  void TearDown() override {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_.file("skiff"), ignored)) {
      const pid_t pid = pid_of(entry.path().filename());
      if (pid > 0) ::kill(pid, SIGKILL);
    }
  }

  static Finished skiff(const Words& words) { return run_skiff(words, {.in = Plug::closed()}); }
  // A guest that waits for input for ever.
  static Finished start(const std::string& name, const std::string& program = "echo",
                        const std::string& command_line = {}, const Words& more = {}) {
    Words words = guest_arguments(program, command_line, {"--detach", "--name", name});
    words.insert(words.end(), more.begin(), more.end());
    return skiff(words);
  }
  pid_t pid_of(const std::string& name) const {
    return static_cast<pid_t>(std::atoi(read_file(file(name, "pid")).c_str()));
  }
  std::string file(const std::string& name, const std::string& what) const {
    return folder_.file("skiff/" + name + "/" + what);
  }
  // One connection of a client that is not `skiff`.
  Fd connect(const std::string& name) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    file(name, "control.sock").copy(address.sun_path, sizeof address.sun_path - 1);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return socket;
  }
  std::string ask(const std::string& name, const std::string& target) const {
    const Fd socket = connect(name);
    const std::string request = "GET " + target + " HTTP/1.1\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string answer;
    char buffer[4096];
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(socket.get(), buffer, sizeof buffer, 0);
      if (got > 0) answer.append(buffer, static_cast<std::size_t>(got));
    }
    return answer;
  }
  std::uint64_t number_in(const std::string& name, const std::string& member) const {
    const std::string answer = ask(name, "/v1/vm");
    const auto at = answer.find("\"" + member + "\":");
    return at == std::string::npos
               ? ~0ULL
               : std::strtoull(answer.c_str() + at + member.size() + 3, nullptr, 10);
  }

  TemporaryFolder folder_;
};

TEST_F(Control, ADetachedVmIsListedStoppedAndRemembered) {
  const Finished started = start("web");
  EXPECT_EQ(started.ending, 0) << started.err;
  EXPECT_EQ(started.out, "web\n");
  EXPECT_EQ(fs::status(folder_.file("skiff")).permissions(), fs::perms::owner_all);
  EXPECT_THAT(skiff({"ps"}).out, AllOf(StartsWith("NAME "), HasSubstr("\nweb "),
                                       HasSubstr(std::to_string(pid_of("web"))),
                                       HasSubstr(" running "), HasSubstr(" 32M ")));
  EXPECT_THAT(skiff({"ps", "--json"}).out, HasSubstr("\"state\":\"running\""));
  EXPECT_EQ(skiff({"ps", "-q"}).out, "web\n");
  EXPECT_EQ(skiff({"rm", "web"}).ending, 121);
  EXPECT_EQ(skiff({"stop", "--force", "web"}).ending, 0);
  EXPECT_THAT(skiff({"ps"}).out, Not(HasSubstr("web")));
  EXPECT_THAT(skiff({"ps", "--all"}).out, HasSubstr("ended (143)"));
  EXPECT_EQ(skiff({"wait", "web"}).ending, 143);
  EXPECT_THAT(skiff({"logs", "--vmm", "web"}).ending, 0);
  EXPECT_EQ(skiff({"stop", "web"}).ending, 121);
  EXPECT_EQ(skiff({"rm", "web"}).ending, 0);
  EXPECT_EQ(skiff({"ps", "-aq"}).out, "");
}

TEST_F(Control, WaitEndsAsTheGuestDoes) {
  EXPECT_EQ(start("seven", "exit-code", "status=7").ending, 0);
  EXPECT_EQ(skiff({"wait", "seven"}).ending, 7);
  EXPECT_EQ(start("stays").ending, 0);
  SkiffProcess waiting({"wait", "stays"});
  waiting.run_for(50ms);
  EXPECT_EQ(skiff({"stop", "-f", "stays"}).ending, 0);
  EXPECT_EQ(waiting.wait(), 143);
}

TEST_F(Control, WhatKeepsAVmFromRunningIsToldAtTheStart) {
  const Finished missing =
      skiff({"run", "-d", "--name", "web", "--kernel", folder_.file("nothing")});
  EXPECT_EQ(missing.ending, 120);
  EXPECT_THAT(missing.err, HasSubstr("nothing"));
  const Finished no_kernel =
      skiff({"run", "-d", "--name", "web", "--kernel", folder_.write("k", std::string(5000, 'x'))});
  EXPECT_EQ(no_kernel.ending, 120);
  EXPECT_THAT(no_kernel.err, Not(IsEmpty()));
  EXPECT_THAT(no_kernel.out, IsEmpty());
  EXPECT_EQ(skiff({"ps", "-aq"}).out, "");
  EXPECT_EQ(start("a/b").ending, 120);
}

TEST_F(Control, ANameIsHadByOneVm) {
  EXPECT_EQ(start("web").ending, 0);
  const Finished second = start("web");
  EXPECT_EQ(second.ending, 121);
  EXPECT_THAT(second.err, AllOf(HasSubstr("\"web\" runs already"),
                                HasSubstr("pid " + std::to_string(pid_of("web")))));
  const Finished wrong = skiff({"pause", "wbe"});
  EXPECT_EQ(wrong.ending, 121);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean \"web\"?"));
}

TEST_F(Control, AKilledVmIsKnownAsSuchAndReplaced) {
  EXPECT_EQ(start("web").ending, 0);
  SkiffProcess waiting({"wait", "web"});
  waiting.run_for(50ms);
  ::kill(pid_of("web"), SIGKILL);
  EXPECT_EQ(waiting.wait(), 121);
  EXPECT_EQ(skiff({"ps", "-q"}).out, "");
  EXPECT_THAT(skiff({"ps", "-a"}).out, HasSubstr("crashed"));
  const Finished stop = skiff({"stop", "web"});
  EXPECT_EQ(stop.ending, 121);
  EXPECT_THAT(stop.err, HasSubstr("was killed"));
  EXPECT_EQ(start("web").ending, 0);
  EXPECT_THAT(skiff({"ps"}).out, HasSubstr("running"));
}

// A shell's pipe, a lock, make's job server: who waits for their end does not wait for the VM's.
TEST_F(Control, ADetachedVmKeepsOnlyTheDescriptorsItWasAskedToUse) {
  const Fd kernel(::open(guest_path("echo").c_str(), O_RDONLY | O_CLOEXEC));
  constexpr int kStray = 70;
  constexpr int kWanted = 71;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  const std::string log = folder_.file("own-log");
  const Finished started = run_skiff({"run", "--kernel", "/dev/fd/71", "--memory", "16M", "-d",
                                      "--name", "web", "--log-file", log, "--log-level", "debug"},
                                     {.in = Plug::closed(), .in_child = [&] {
                                        return ::dup2(writing.get(), kStray) == kStray &&
                                               ::dup2(kernel.get(), kWanted) == kWanted;
                                      }});
  ASSERT_EQ(started.ending, 0) << started.err;
  writing.reset();
  pollfd at_end{.fd = reading.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&at_end, 1, 0), 1) << "the VM holds the pipe";
  EXPECT_NE(at_end.revents & POLLHUP, 0);
  // Its kernel is read again; its log is still its own.
  EXPECT_EQ(skiff({"reset", "web"}).ending, 0);
  for (int count = 0; count < 1000 && number_in("web", "resets") != 1; ++count)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(number_in("web", "resets"), 1U);
  EXPECT_EQ(skiff({"stop", "--force", "web"}).ending, 0);
  EXPECT_THAT(read_file(log), Not(IsEmpty()));
}

TEST_F(Control, PauseReallyPauses) {
  const auto exits_more_than = [this](const std::string& name, std::uint64_t count) {
    for (int tries = 0; tries < 1000 && number_in(name, "exits") <= count; ++tries)
      std::this_thread::sleep_for(5ms);
    return number_in(name, "exits") > count;
  };
  EXPECT_EQ(start("busy", "port-loop", "ring=0 n=2000000000").ending, 0);
  const std::uint64_t first = number_in("busy", "exits");
  EXPECT_TRUE(exits_more_than("busy", first));
  EXPECT_EQ(skiff({"pause", "busy"}).ending, 0);
  EXPECT_THAT(skiff({"ps"}).out, HasSubstr("paused"));
  const std::uint64_t paused = number_in("busy", "exits");
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(number_in("busy", "exits"), paused);
  EXPECT_EQ(skiff({"resume", "busy"}).ending, 0);
  EXPECT_TRUE(exits_more_than("busy", paused));
  // It does not listen to its power button; paused, it is ended all the same.
  EXPECT_EQ(skiff({"pause", "busy"}).ending, 0);
  EXPECT_EQ(skiff({"power-button", "busy"}).ending, 121);
  EXPECT_EQ(skiff({"stop", "busy"}).ending, 0);
}

TEST_F(Control, ResetIsANewMachineInTheSameProcess) {
  EXPECT_EQ(start("web").ending, 0);
  const pid_t pid = pid_of("web");
  EXPECT_EQ(skiff({"reset", "web"}).ending, 0);
  for (int count = 0; count < 1000 && number_in("web", "resets") != 1; ++count)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(number_in("web", "resets"), 1U);
  EXPECT_EQ(pid_of("web"), pid);
  SkiffProcess events({"events", "web"});
  EXPECT_TRUE(events.expect_out("reset"));
  EXPECT_EQ(skiff({"stop", "-f", "web"}).ending, 0);
  EXPECT_EQ(events.wait(), 0);
  EXPECT_THAT(events.out(), AllOf(HasSubstr("stopping: forced"), HasSubstr("ended: ")));
}

TEST_F(Control, AVmInTheForegroundIsControlledToo) {
  SkiffProcess vm(guest_arguments("echo", "", {"--name", "here"}));
  ASSERT_TRUE(vm.send("a"));
  ASSERT_TRUE(vm.expect_out("a"));
  EXPECT_THAT(skiff({"ps"}).out, HasSubstr("\nhere "));
  EXPECT_EQ(skiff({"stop", "--force", "here"}).ending, 0);
  EXPECT_EQ(vm.wait(), 143);
}

TEST_F(Control, ClientsThatMisbehaveHurtNobody) {
  EXPECT_EQ(start("web").ending, 0);
  const Fd slow = connect("web");
  ::send(slow.get(), "GET /v1/v", 9, MSG_NOSIGNAL);
  const Fd half = connect("web");
  ::send(half.get(), "POST /v1/stop HTTP/1.1\r\n", 24, MSG_NOSIGNAL);
  ::shutdown(half.get(), SHUT_WR);
  const Fd garbage = connect("web");
  const std::string noise(100'000, '\xff');
  ::send(garbage.get(), noise.data(), noise.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  const Fd large = connect("web");
  const std::string body = "POST /v1/stop HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
  ::send(large.get(), body.data(), body.size(), MSG_NOSIGNAL);
  char answer[64] = {};
  EXPECT_GT(::recv(large.get(), answer, sizeof answer - 1, 0), 0);
  EXPECT_THAT(std::string(answer), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("web", "/v1/vm"), StartsWith("HTTP/1.1 200 "));
  std::vector<Fd> many;
  for (int count = 0; count < 80; ++count)
    many.push_back(connect("web"));
  many.clear();
  // Until it has noticed that they are gone, it takes no more.
  std::string listed;
  for (int count = 0; count < 100 && listed.find("running") == std::string::npos; ++count)
    listed = skiff({"ps"}).out;
  EXPECT_THAT(listed, HasSubstr("running"));
}

// `run --log`: with a name, where `skiff logs` finds it, and without one.
TEST_F(Control, TheConsoleIsLoggedWhereItIsAskedFor) {
  const std::string log = folder_.file("console-log");
  EXPECT_EQ(start("web", "hello", {}, {"--log", log}).ending, 0);
  EXPECT_EQ(skiff({"wait", "web"}).ending, 0);
  const std::string line = "[0-9-]+T[0-9:.]+Z hello from the guest\n";
  EXPECT_THAT(read_file(log), MatchesRegex(line));
  EXPECT_THAT(skiff({"logs", "web"}).out, MatchesRegex(line));
  const Finished unnamed = skiff(guest_arguments("hello", {}, {"--log", log}));
  EXPECT_EQ(unnamed.ending, 0) << unnamed.err;
  EXPECT_EQ(unnamed.out, "hello from the guest\n");
  EXPECT_THAT(read_file(log), MatchesRegex(line + line)) << "appended";
  const Finished nowhere = skiff(guest_arguments("hello", {}, {"--log", "/nowhere/log"}));
  EXPECT_EQ(nowhere.ending, 121);
  EXPECT_THAT(nowhere.err, HasSubstr("cannot open the log \"/nowhere/log\""));
}

// The description (docs/openapi.yaml) and the server, one against the other.
TEST_F(Control, TheServerDoesWhatItsDescriptionSays) {
  EXPECT_EQ(start("web").ending, 0);
  // The system's own: another one in PATH does not have its packages.
  const std::string command = std::string("/usr/bin/python3 ") + SKIFF_SOURCE +
                              "/tests/kvm/process/openapi_check.py " + file("web", "control.sock") +
                              " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    output.append(buffer, got);
  EXPECT_EQ(::pclose(pipe), 0) << output;
}

// Threads of Skiff's own: all but the vCPUs.
long own_wake_ups(pid_t pid) {
  long sum = 0;
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    if (read_file(task.path() / "comm").starts_with("vcpu")) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("voluntary_ctxt_switches:")) sum += std::atol(line.c_str() + 24);
    }
  }
  return sum;
}

// Proportional share of everything but the guest's RAM, which is kept out of core dumps. [KiB]
long own_memory(pid_t pid) {
  std::ifstream smaps("/proc/" + std::to_string(pid) + "/smaps");
  long sum = 0;
  long size = 0;
  long share = 0;
  for (std::string line; std::getline(smaps, line);) {
    if (line.starts_with("Size:")) size = std::atol(line.c_str() + 5);
    if (line.starts_with("Pss:")) share = std::atol(line.c_str() + 4);
    if (line.starts_with("VmFlags:") && size < 32 * 1024) sum += share;
  }
  return sum;
}

TEST_F(Control, AnIdleVmSleeps) {
  EXPECT_EQ(start("idle", "idle").ending, 0);
  EXPECT_THAT(skiff({"ps"}).out, HasSubstr("running"));
  const pid_t pid = pid_of("idle");
  std::this_thread::sleep_for(200ms);  // the guest prints its line, ps's connection is closed
  const long before = own_wake_ups(pid);
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(own_wake_ups(pid), before);
  const long memory = own_memory(pid);
  std::cout << "own memory: " << memory << " KiB\n";
  EXPECT_GT(memory, 0);
  EXPECT_LE(memory, 6 * 1024);
}

TEST_F(Control, TwoHundredVms) {
  constexpr int kVms = 200;
  std::vector<std::unique_ptr<SkiffProcess>> starting;
  Words names;
  for (int number = 0; number < kVms; ++number) {
    names.push_back("vm" + std::to_string(number));
    Words words = {"run", "--kernel", guest_path("idle"), "--memory",
                   "16M", "--detach", "--name",           names.back()};
    starting.push_back(std::make_unique<SkiffProcess>(words, ProcessOptions{.in = Plug::closed()}));
    if (starting.size() == 10) {
      for (const auto& each : starting)
        ASSERT_EQ(each->wait(), 0) << each->err();
      starting.clear();
    }
  }
  const auto begun = std::chrono::steady_clock::now();
  const std::string listed = skiff({"ps"}).out;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
  std::cout << "ps of " << kVms << " VMs: " << took.count() << " ms\n";
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), kVms + 1);
  EXPECT_THAT(listed, Not(HasSubstr("unresponsive")));
  Words stop = {"stop", "--force"};
  stop.insert(stop.end(), names.begin(), names.end());
  const Finished stopped = skiff(stop);
  EXPECT_EQ(stopped.ending, 0) << stopped.err;
  EXPECT_EQ(skiff({"ps", "-q"}).out, "");
  EXPECT_EQ(skiff({"rm", "--ended"}).ending, 0);
  EXPECT_EQ(skiff({"ps", "-aq"}).out, "");
}

}  // namespace
}  // namespace skiff::test
