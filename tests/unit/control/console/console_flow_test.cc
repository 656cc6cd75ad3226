// Much output, produced by another thread as fast as it is taken.
#include <cstring>
#include <thread>

#include "tests/unit/control/console/hub_fixture.h"

namespace skiff {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr std::size_t kTotal = 20'000'000;
#else
constexpr std::size_t kTotal = 100'000'000;
#endif

// Reads frames from a socket in a thread of its own and compares.
class Reader {
 public:
  Reader(Fd socket, const std::string& pattern)
      : socket_(std::move(socket)), thread_([this, &pattern] { run(pattern); }) {}
  void join() { thread_.join(); }
  std::size_t seen = 0;
  bool exact = true;
  int notices = 0;

 private:
  void run(const std::string& pattern) {
    std::vector<std::byte> buffer(256 * 1024);
    FrameParser parser(FrameParser::Sender::vm);
    while (seen < kTotal) {
      const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return;
      std::span<const std::byte> rest(buffer.data(), static_cast<std::size_t>(count));
      for (;;) {
        const auto part = parser.next(rest);
        if (!part || !*part) break;
        if ((*part)->type == FrameType::notice) ++notices;
        if ((*part)->type == FrameType::output) compare((*part)->bytes, pattern);
      }
    }
  }
  void compare(std::span<const std::byte> bytes, const std::string& pattern) {
    while (!bytes.empty()) {
      const std::size_t at = seen % pattern.size();
      const std::size_t size = std::min(bytes.size(), pattern.size() - at);
      exact = exact && std::memcmp(bytes.data(), pattern.data() + at, size) == 0;
      seen += size;
      bytes = bytes.subspan(size);
    }
  }
  Fd socket_;
  std::thread thread_;
};

std::string make_pattern() {
  std::string pattern(999'983, '\0');  // a prime: no multiple of any buffer's size
  std::uint32_t state = 1;
  for (char& byte : pattern) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return pattern;
}

TEST_F(HubTest, AHundredMegabytesReachTwoOfThreeByteByByte) {
  const std::string pattern = make_pattern();
  auto [writer_end, writer] = socket_pair();
  auto [viewer_end, viewer] = socket_pair();
  auto [stuck_end, stuck] = socket_pair();
  hub_->adopt({}, std::move(writer), {});
  hub_->adopt({.write = false}, std::move(viewer), {});
  hub_->adopt({.write = false}, std::move(stuck), {});
  Reader one(std::move(writer_end), pattern);
  Reader two(std::move(viewer_end), pattern);
  std::thread guest([&] {
    for (std::size_t at = 0; at < kTotal;) {
      const std::size_t from = at % pattern.size();
      const std::size_t size =
          std::min({std::size_t{32 * 1024}, pattern.size() - from, kTotal - at});
      const int rooms = device_.transmit_rooms.load();
      const std::size_t taken = hub_->write(std::as_bytes(std::span(pattern)).subspan(from, size));
      if (taken == 0) device_.transmit_rooms.wait(rooms);
      at += taken;
    }
  });
  const auto began = std::chrono::steady_clock::now();
  std::atomic<bool> done{false};
  std::thread waiter([&] {
    guest.join();
    one.join();
    two.join();
    done = true;
  });
  while (!done)
    io_.run_one_for(std::chrono::milliseconds(5));
  waiter.join();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began;
  RecordProperty("megabytes_per_second", static_cast<int>(kTotal / 1e6 / time.count()));
  EXPECT_TRUE(one.exact);
  EXPECT_TRUE(two.exact);
  EXPECT_EQ(one.seen, kTotal);
  EXPECT_EQ(two.seen, kTotal);
  EXPECT_EQ(one.notices + two.notices, 0);
}

}  // namespace
}  // namespace skiff
