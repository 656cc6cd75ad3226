// What Skiff counts on a device's queue is what the guest says it did.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/kvm/require_kvm.h"
#include "tests/kvm/virtio/virtio_machine.h"

namespace skiff::test {
namespace {

// Of the first `"name":N` behind `from`, or `name=N`; fails the test where there is none.
std::uint64_t number_behind(const std::string& text, const std::string& name, std::size_t from) {
  const auto at = text.find(name, from);
  EXPECT_NE(at, std::string::npos) << name << " in " << text;
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + name.size(), nullptr, 10);
}

std::string get(const std::string& socket_path, const std::string& target) {
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return {};
  }
  const std::string request =
      "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(socket.get(), buffer, sizeof buffer)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  return answer;
}

class Counters : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
  const TemporaryFolder folder_;
};

TEST_P(Counters, AreWhatTheGuestDid) {
  const std::string run_folder = folder_.file("");
  ProcessOptions options;
  options.in_child = [&run_folder] {
    return ::setenv("XDG_RUNTIME_DIR", run_folder.c_str(), 1) == 0;
  };
  SkiffProcess process(
      virtio_arguments(folder_, {.face = GetParam(), .devices = {"blk"}}, "virtio-bench",
                       "irq=msix bytes=4096 depth=4 requests=500 stay", {"--name", "counted"}),
      options);
  ASSERT_TRUE(process.expect_out("virtio-bench: staying")) << process.out() << process.err();
  const std::string& said = process.out();
  const std::size_t read = said.find("virtio-bench: read ");
  const std::size_t write = said.find("virtio-bench: write ");
  ASSERT_NE(read, std::string::npos) << said;
  ASSERT_NE(write, std::string::npos) << said;
  const auto of_both = [&](const char* name) {
    return number_behind(said, name, read) + number_behind(said, name, write);
  };

  const std::string stats = get(run_folder + "/skiff/counted/control.sock", "/v1/stats");
  const std::size_t disk = stats.find("\"disk0\"");
  ASSERT_NE(disk, std::string::npos) << stats;
  EXPECT_EQ(number_behind(stats, "\"requests\":", disk), of_both("requests="));
  // What the guest has taken may be fewer: an interrupt that comes while one is pending is it.
  EXPECT_GE(number_behind(stats, "\"interrupts\":", disk), of_both("interrupts="));
  EXPECT_LE(number_behind(stats, "\"interrupts\":", disk), of_both("requests="));
  // Doorbells that come before the device looks are one.
  EXPECT_GT(number_behind(stats, "\"notifications\":", disk), 0U);
  EXPECT_LE(number_behind(stats, "\"notifications\":", disk), of_both("kicks="));
  EXPECT_NE(stats.find("\"vcpu0\""), std::string::npos) << stats;
}

INSTANTIATE_TEST_SUITE_P(OnPci, Counters, testing::Values("virtio"));

}  // namespace
}  // namespace skiff::test
