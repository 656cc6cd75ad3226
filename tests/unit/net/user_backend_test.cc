// User networking with the programs of this host, where it has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/net/frames.h"
#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/net/host_ports.h"
#include "vmm/net/passt_process.h"
#include "vmm/net/slirp_library.h"

namespace skiff::net_test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A port that something listens on.
struct TakenPort {
  TakenPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket.get(), 1), 0);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;
};

std::string user_error_of(const NetOptions& options) {
  try {
    open_net_backend(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// The address DHCP gives, within a few seconds.
std::string ask_for_address(NetBackend& backend) {
  FakeClock clock;
  std::string address;
  backend.start(clock, 1,
                {.on_receivable =
                     [&](std::uint16_t) {
                       while (const auto frame = receive_frame(backend)) {
                         if (address.empty()) address = offered_address(*frame);
                       }
                     },
                 .on_sendable = [](std::uint16_t) {}});
  backend.want_receive(0, true);
  EXPECT_TRUE(send_frame(backend, dhcp_discover()));
  // A helper that talks wakes the loop as often as it says a line.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (address.empty() && std::chrono::steady_clock::now() < end)
    clock.run_for(milliseconds(250));
  backend.stop();
  return address;
}

TEST(Passt, IsToldItsPortsMtuAndSocket) {
  const std::vector<ForwardRule> rules = {ForwardRule::parse("tcp:127.0.0.1:2222->22").value(),
                                          ForwardRule::parse("udp:[::1]:10-12->20-22").value()};
  EXPECT_THAT(passt_arguments(rules, 65520, 3),
              ElementsAre("passt", "--foreground", "--stderr", "--fd", "3", "--mtu", "65520",
                          "--tcp-ports", "127.0.0.1/2222:22", "--udp-ports", "::1/10-12:20-22"));
}

TEST(Passt, AnswersDhcpAndEndsWithItsOwner) {
  log_setup(LogLevel::off, "");
  if (find_passt().empty()) GTEST_SKIP() << "passt is not installed";
  if (!has_default_route()) GTEST_SKIP() << "this host has no route to the world";
  auto backend = open_net_backend({.backend = UserStack::passt});
  EXPECT_EQ(backend->capabilities().mtu, 65520);
  EXPECT_NE(ask_for_address(*backend), "");
}

TEST(Passt, EndsWhenItsOwnerGoes) {
  log_setup(LogLevel::off, "");
  if (find_passt().empty()) GTEST_SKIP() << "passt is not installed";
  pid_t pid = 0;
  {
    const PasstProcess passt(find_passt(), {}, 1500);
    pid = passt.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1) << "ended and waited for";
}

TEST(Passt, SaysWhyItEnded) {
  log_setup(LogLevel::off, "");
  if (find_passt().empty()) GTEST_SKIP() << "passt is not installed";
  ForwardRule nonsense;
  nonsense.host_address = "no-address";
  nonsense.host_port = nonsense.guest_port = 1;
  PasstProcess passt(find_passt(), {nonsense}, 1500);
  std::string words;
  for (int i = 0; i < 20 && words.find("status") == std::string::npos; ++i)
    words = passt.last_words();
  EXPECT_THAT(words, HasSubstr("ended with status 1"));
}

TEST(Passt, AProgramThatCannotRunIsAnError) {
  EXPECT_THROW(PasstProcess("/nonexistent/passt", {}, 1500), HostError);
}

TEST(Libslirp, AnswersDhcp) {
  log_setup(LogLevel::off, "");
  if (SlirpLibrary::load() == nullptr) GTEST_SKIP() << "libslirp is not installed";
  auto backend = open_net_backend({.backend = UserStack::libslirp});
  EXPECT_EQ(ask_for_address(*backend), "10.0.2.15");
  EXPECT_EQ(ask_for_address(*backend), "10.0.2.15") << "started again";
}

TEST(Libslirp, ListensForAForwardRule) {
  log_setup(LogLevel::off, "");
  if (SlirpLibrary::load() == nullptr) GTEST_SKIP() << "libslirp is not installed";
  ForwardRule rule;
  {
    const TakenPort free_soon;
    rule.host_port = free_soon.port;
  }
  rule.guest_port = 22;
  auto backend = open_net_backend({.backend = UserStack::libslirp, .forward = {rule}});
  EXPECT_THROW(check_host_ports(rule), HostError) << "somebody listens there";
  backend.reset();
  EXPECT_NO_THROW(check_host_ports(rule));
}

TEST(UserNetworking, AForwardedPortInUseIsAnErrorOfTheStart) {
  log_setup(LogLevel::off, "");
  const TakenPort taken;
  ForwardRule rule;
  rule.host_port = taken.port;
  rule.guest_port = 22;
  for (const UserStack stack : {UserStack::passt, UserStack::libslirp}) {
    if (stack == UserStack::passt && find_passt().empty()) continue;
    if (stack == UserStack::libslirp && SlirpLibrary::load() == nullptr) continue;
    EXPECT_THAT(user_error_of({.backend = stack, .forward = {rule}}),
                ::testing::AllOf(HasSubstr(rule.text()), HasSubstr("in use")));
  }
}

TEST(UserNetworking, OptionsThatCannotBe) {
  EXPECT_THAT(user_error_of({.queues = 2}), HasSubstr("one queue pair"));
  EXPECT_THAT(user_error_of({.mtu = 65521}), HasSubstr("at most 65520"));
  EXPECT_THAT(user_error_of({.type = NetType::tap, .forward = {ForwardRule{}}, .tap = "tap0"}),
              HasSubstr("type = \"user\""));
  if (SlirpLibrary::load() != nullptr) {
    EXPECT_THAT(user_error_of({.backend = UserStack::libslirp,
                               .forward = {ForwardRule::parse("tcp:[::1]:1->1").value()}}),
                HasSubstr("IPv4"));
  }
}

TEST(HostPorts, NoSuchAddress) {
  ForwardRule rule;
  rule.host_address = "203.0.113.77";
  rule.host_port = 4711;
  rule.guest_port = 1;
  EXPECT_THROW(check_host_ports(rule), HostError);
}

}  // namespace
}  // namespace skiff::net_test
