// The console on everything that is not a terminal: pipes, files, sockets, devices, nothing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ConsolePipes : public testing::Test {
 protected:
  void SetUp() override {
    SKIFF_REQUIRE_KVM();
    ::signal(SIGPIPE, SIG_IGN);
  }
};

// Every byte value but the one that ends `echo`, in an order in which a shift by one shows.
std::string pattern(std::size_t size) {
  std::string text;
  for (std::size_t at = 0; text.size() < size; ++at) {
    const auto byte = static_cast<unsigned char>(at * 31 + at / 256);
    if (byte != 4) text += static_cast<char>(byte);
  }
  return text;
}

// What `echo` makes of it.
std::string echoed(const std::string& text) {
  return "echo: ready\n" + text + "\necho: " + std::to_string(text.size()) + " bytes\n";
}

// What `flood` prints.
std::string flood(std::size_t kb) {
  std::string text;
  for (std::size_t line = 0; line < kb * 16; ++line) {
    std::array<char, 20> number{};
    std::snprintf(number.data(), number.size(), "%08zx ", line);
    text += number.data();
    for (std::size_t letter = 0; letter < 54; ++letter)
      text += static_cast<char>('a' + (line + letter) % 26);
    text += '\n';
  }
  return text + "flood: " + std::to_string(kb * 1024) + " bytes\n";
}

// EXPECT_EQ would print both.
void expect_same(const std::string& got, const std::string& wanted) {
  ASSERT_EQ(got.size(), wanted.size())
      << got.substr(got.size() - std::min<size_t>(got.size(), 200));
  const auto [a, b] = std::mismatch(got.begin(), got.end(), wanted.begin());
  EXPECT_TRUE(a == got.end()) << "byte " << (a - got.begin()) << " differs";
}

TEST_F(ConsolePipes, WhatIsPastedIntoAPipeComesBackWhole) {
  for (const char* mode : {"until=4", "until=4 irq"}) {
    const std::string text = pattern(48 * 1024);
    SkiffProcess process(guest_arguments("echo", mode));
    ASSERT_TRUE(process.send(text + '\x04'));
    EXPECT_EQ(process.wait(), 0) << process.err();
    expect_same(process.out(), echoed(text));
    EXPECT_THAT(process.err(), IsEmpty());
  }
}

TEST_F(ConsolePipes, InputFromAFileIsReadWhole) {
  const TemporaryFolder folder;
  const std::string text = pattern(10'000);
  const Fd file(::open(folder.write("input", text + '\x04').c_str(), O_RDONLY | O_CLOEXEC));
  const Finished run = run_skiff(guest_arguments("echo", "until=4"), {.in = Plug::to(file)});
  EXPECT_EQ(run.ending, 0) << run.err;
  expect_same(run.out, echoed(text));
}

TEST_F(ConsolePipes, InputFromASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  SkiffProcess process(guest_arguments("echo", "until=4"), {.in = Plug::to(theirs)});
  ASSERT_EQ(::write(ours.get(), "abc\x04", 4), 4);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(process.out(), echoed("abc"));
}

TEST_F(ConsolePipes, WithoutInputTheGuestRunsOn) {
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const Plug& in : {Plug::closed(), Plug::to(null), Plug{}}) {
    SkiffProcess process(guest_arguments("echo", "until=4"), {.in = in});
    process.close_input();
    ASSERT_TRUE(process.expect_out("echo: ready"));
    // At rest it uses no processor time of its own: an end of input is noticed once.
    EXPECT_TRUE(process.wait(300ms).timed_out);
    process.kill(SIGTERM);
    EXPECT_EQ(process.wait(), 143);
    EXPECT_THAT(process.err(), IsEmpty());
  }
}

// The process's own time, user and system, of all its threads but vCPUs [clock ticks].
long main_thread_ticks(pid_t pid) {
  const std::string name = std::to_string(pid);
  const std::string text = read_file("/proc/" + name + "/task/" + name + "/stat");
  const std::size_t after_name = text.rfind(')');
  long user = 0;
  long system = 0;
  std::sscanf(text.c_str() + after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
              &user, &system);
  return user + system;
}

TEST_F(ConsolePipes, NobodySpinsAtTheEndOfInputOrBehindAFullPipe) {
  for (const char* program : {"idle", "flood"}) {
    SkiffProcess process(guest_arguments(program, "kb=1024"));
    process.close_input();
    process.ignore_output();
    process.run_for(1500ms);
    const long before = main_thread_ticks(process.pid());
    process.run_for(1000ms);
    EXPECT_LT(main_thread_ticks(process.pid()) - before, 20) << program;
  }
}

TEST_F(ConsolePipes, AClosedInputWithoutInputConfiguredIsLeftAlone) {
  SkiffProcess process(guest_arguments("echo", "until=4", {"--no-input"}));
  ASSERT_TRUE(process.send("abc\x04"));
  ASSERT_TRUE(process.expect_out("echo: ready"));
  EXPECT_TRUE(process.wait(300ms).timed_out);
  EXPECT_EQ(process.out(), "echo: ready\n");
}

TEST_F(ConsolePipes, OutputToAFile) {
  const TemporaryFolder folder;
  folder.write("output", "before\n");
  const Fd file(::open(folder.file("output").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const Finished run = run_skiff(guest_arguments("flood", "kb=16"), {.out = Plug::to(file)});
  EXPECT_EQ(run.ending, 0) << run.err;
  expect_same(read_file(folder.file("output")), "before\n" + flood(16));
}

TEST_F(ConsolePipes, OutputGoesOnWhereAFileDescriptorStands) {
  const TemporaryFolder folder;
  const Fd file(::open(folder.file("output").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::write(file.get(), "before\n", 7), 7);
  const Finished run = run_skiff(guest_arguments("hello"), {.out = Plug::to(file)});
  EXPECT_EQ(run.ending, 0);
  EXPECT_EQ(read_file(folder.file("output")), "before\nhello from the guest\n");
}

TEST_F(ConsolePipes, OutputToASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  SkiffProcess process(guest_arguments("flood", "kb=48"), {.out = Plug::to(theirs)});
  EXPECT_EQ(::fcntl(theirs.get(), F_GETFL) & O_NONBLOCK, 0);
  process.watch(ours.get());
  EXPECT_EQ(process.wait(), 0) << process.err();
  expect_same(process.out(), flood(48));
}

TEST_F(ConsolePipes, ASlowReaderLosesNothingAndMemoryStaysBounded) {
  SkiffProcess process(guest_arguments("flood", "kb=384"));
  process.close_input();
  ASSERT_TRUE(process.expect_out("00000000 "));
  const long before = status_value(process.pid(), "RssAnon:");
  process.ignore_output();
  process.run_for(2s);  // pipe and ring fill, and the guest waits
  const long during = status_value(process.pid(), "RssAnon:");
  EXPECT_LT(during, before + 1024) << "KiB";
  EXPECT_TRUE(process.wait(10ms).timed_out);
  process.read_output_again();
  EXPECT_EQ(process.wait(), 0) << process.err();
  expect_same(process.out(), flood(384));
}

// The guest has ended, its last bytes wait for a reader.
TEST_F(ConsolePipes, TheLastBytesWaitForTheirReader) {
  SkiffProcess process(guest_arguments("flood", "kb=96"));
  ::fcntl(process.output_pipe(), F_SETPIPE_SZ, 4096);
  process.ignore_output();
  EXPECT_TRUE(process.wait(2s).timed_out);
  process.read_output_again();
  EXPECT_EQ(process.wait(), 0);
  expect_same(process.out(), flood(96));
}

TEST_F(ConsolePipes, AReaderThatNeverReadsCannotHoldASkiffThatIsToStop) {
  for (const char* size : {"kb=96", "kb=4096"}) {  // the guest has ended; the guest waits as well
    SkiffProcess process(guest_arguments("flood", size));
    ::fcntl(process.output_pipe(), F_SETPIPE_SZ, 4096);
    process.ignore_output();
    EXPECT_TRUE(process.wait(1500ms).timed_out);
    process.kill(SIGTERM);
    EXPECT_EQ(process.wait(10s), 143) << size;
  }
}

TEST_F(ConsolePipes, AReaderThatGoesAwayIsAClearError) {
  SkiffProcess process(guest_arguments("flood", "kb=4096"));
  ASSERT_TRUE(process.expect_out("00000000 "));
  process.close_output();
  EXPECT_EQ(process.wait(), 121);
  EXPECT_THAT(process.err(), HasSubstr("stdout: Broken pipe"));
}

TEST_F(ConsolePipes, AFullDeviceIsAClearError) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  for (const char* program : {"hello", "spin"}) {
    const Finished run = run_skiff(guest_arguments(program), {.out = Plug::to(full)});
    EXPECT_EQ(run.ending, 121) << program;
    EXPECT_THAT(run.err, HasSubstr("No space left on device"));
  }
}

TEST_F(ConsolePipes, AClosedStdoutIsAClearError) {
  const Finished run = run_skiff(guest_arguments("hello"), {.out = Plug::closed()});
  EXPECT_EQ(run.ending, 121);
  EXPECT_THAT(run.err, HasSubstr("stdout is closed"));
}

TEST_F(ConsolePipes, AClosedStderrHurtsNothing) {
  const TemporaryFolder folder;
  for (const char* program : {"hello", "fault"}) {
    const Finished run =
        run_skiff(guest_arguments(program), {.in = Plug::closed(), .err = Plug::closed()});
    EXPECT_EQ(run.ending, program[0] == 'h' ? 0 : 123);
    EXPECT_THAT(run.out, testing::Not(HasSubstr("skiff:")));
  }
}

TEST_F(ConsolePipes, SharedDescriptorsAreNeverMadeNonBlocking) {
  int in[2];
  int out[2];
  ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
  const Fd in_read(in[0]), in_write(in[1]), out_read(out[0]), out_write(out[1]);
  SkiffProcess process(guest_arguments("flood", "kb=1024"),
                       {.in = Plug::to(in_read), .out = Plug::to(out_write)});
  const auto flags = [&] {
    return (::fcntl(in_read.get(), F_GETFL) | ::fcntl(out_write.get(), F_GETFL)) & O_NONBLOCK;
  };
  process.run_for(1s);  // the pipe is full by now
  EXPECT_EQ(flags(), 0);
  process.kill(SIGTERM);
  EXPECT_EQ(process.wait(), 143);
  EXPECT_EQ(flags(), 0);
}

// Another user's pipe (`sudo -u somebody skiff ... | less`) cannot be opened anew through /proc.
TEST_F(ConsolePipes, APipeThatCannotBeOpenedAnewBlocksNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a pipe to another user";
  int out[2];
  ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
  const Fd out_read(out[0]), out_write(out[1]);
  ASSERT_EQ(::fchown(out_write.get(), 12345, 12345), 0);
  ASSERT_EQ(::fchmod(out_write.get(), 0600), 0);
  const auto lose_override = [] {
    return ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) == 0 &&
           ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) == 0;
  };
  const ProcessOptions options{.out = Plug::to(out_write), .in_child = lose_override};
  {
    SkiffProcess process(guest_arguments("flood", "kb=192"), options);
    EXPECT_TRUE(process.wait(1500ms).timed_out);
    process.watch(out_read.get());
    EXPECT_EQ(process.wait(), 0) << process.err();
    expect_same(process.out(), flood(192));
  }
  SkiffProcess process(guest_arguments("flood", "kb=4096"), options);
  EXPECT_TRUE(process.wait(1500ms).timed_out);
  process.kill(SIGTERM);
  EXPECT_EQ(process.wait(10s), 143);
}

TEST_F(ConsolePipes, ASecondSerialPortIntoAFifoLosesNothing) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  const Fd reader(::open(folder.file("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  SkiffProcess process(guest_arguments("flood", "kb=128",
                                       {"--set", "serial.0.unit=1", "--set", "serial.0.target=file",
                                        "--set", "serial.0.path=" + folder.file("fifo")}));
  process.close_input();
  process.run_for(1s);
  if (process.wait(10ms) == 120)
    GTEST_SKIP() << "the configuration allows no FIFO: " << process.err();
  process.watch(reader.get());
  EXPECT_EQ(process.wait(), 0) << process.err();
  expect_same(process.out(), flood(128));
}

}  // namespace
}  // namespace skiff::test
