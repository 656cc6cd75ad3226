#include "virtio/rng/rng_device.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tests/unit/virtio/rng/rng_fixture.h"
#include "virtio/core/virtio_ids.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class RngDeviceTest : public RngFixture {
 protected:
  // What is in guest memory from `address` on.
  std::string memory(std::uint64_t address, std::size_t length) {
    std::string bytes(length, '\0');
    driver->memory().read(GuestAddress(address), std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }
};

// A file in a directory of its own.
class SourceFile {
 public:
  SourceFile() {
    std::string pattern = "/tmp/skiff-rng-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/source";
  }
  ~SourceFile() {
    ::unlink(path_.c_str());
    ::rmdir(directory_.c_str());
  }
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  const std::string& path() const { return path_; }
  void write(std::string_view text) {
    const Fd file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

 private:
  std::string directory_;
  std::string path_;
};

TEST_F(RngDeviceTest, IsAnEntropyDeviceWithOneQueueAndNoConfiguration) {
  create();
  EXPECT_EQ(rng->device_id(), virtio::kEntropy);
  EXPECT_EQ(rng->features(), 0U);
  EXPECT_EQ(rng->queue_sizes().size(), 1U);
  for (std::uint64_t offset = 0; offset < 16; ++offset) {
    std::array<std::byte, 8> out;
    out.fill(std::byte{0xee});
    rng->read_config(offset, out);
    EXPECT_EQ(std::ranges::count(out, std::byte{0}), 8);
    rng->write_config(offset, out);
  }
}

TEST_F(RngDeviceTest, GivesBytesThatDiffer) {
  create();
  start();
  std::set<std::string> seen;
  for (int i = 0; i < 40; ++i) {
    driver->give(0, 64);
    clock.run();
    const auto bytes = driver->take(0);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->size(), 64U);
    seen.insert(*bytes);
  }
  EXPECT_EQ(seen.size(), 40U);
}

TEST_F(RngDeviceTest, ServesAllRingFormats) {
  for (const bool packed : {false, true}) {
    for (const bool event_idx : {false, true}) {
      create({}, {.packed = packed, .event_idx = event_idx});
      start();
      for (int i = 0; i < 50; ++i)
        EXPECT_EQ(request(100), 100);
    }
  }
}

TEST_F(RngDeviceTest, ABatchIsOneInterrupt) {
  create();
  for (int i = 0; i < 10; ++i)
    driver->give(0, 100);
  start();
  EXPECT_EQ(driver->interrupts.of_queue(0), 1);
}

TEST_F(RngDeviceTest, WritesNothingBeyondTheBuffersAndFillsEachOfThem) {
  create();
  start();
  driver->queue(0).offer({{GuestAddress(0x18000), 3, true},
                          {GuestAddress(0x18010), 5000, true},
                          {GuestAddress(0x1a000), 17, true}});
  driver->kick(0);
  clock.run();
  EXPECT_EQ(driver->queue(0).used()->length, 5020U);
  EXPECT_EQ(memory(0x18003, 13), std::string(13, '\0'));
  EXPECT_EQ(memory(0x18010 + 5000, 16), std::string(16, '\0'));
  EXPECT_EQ(memory(0x1a000 + 17, 16), std::string(16, '\0'));
  EXPECT_NE(memory(0x18010 + 4980, 20), std::string(20, '\0'));
  EXPECT_NE(memory(0x1a000, 17), std::string(17, '\0'));
}

TEST_F(RngDeviceTest, ARequestGets64KiBAtMost) {
  create();
  start();
  driver->queue(0).offer(
      {{GuestAddress(0x10000), 0x10000, true}, {GuestAddress(0x10000), 1, true}});
  driver->kick(0);
  clock.run();
  EXPECT_EQ(driver->queue(0).used()->length, 0x10000U);
  // Requests of more than one turn are all served.
  for (int i = 0; i < 16; ++i)
    driver->queue(0).offer({{GuestAddress(0x10000), 0x10000, true}});
  driver->kick(0);
  clock.run();
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ(driver->queue(0).used()->length, 0x10000U);
}

TEST_F(RngDeviceTest, AReadOnlyBufferIsGivenBackUntouched) {
  create();
  start();
  driver->queue(0).offer({{GuestAddress(0x18000), 64}});
  driver->kick(0);
  clock.run();
  EXPECT_EQ(driver->queue(0).used()->length, 0U);
  EXPECT_EQ(memory(0x18000, 64), std::string(64, '\0'));
  EXPECT_EQ(rng->guest_faults(), 1U);
  // Beside a writable one it is left alone.
  driver->queue(0).offer({{GuestAddress(0x18000), 64}, {GuestAddress(0x19000), 64, true}});
  driver->kick(0);
  clock.run();
  EXPECT_EQ(driver->queue(0).used()->length, 64U);
  EXPECT_EQ(memory(0x18000, 64), std::string(64, '\0'));
}

TEST_F(RngDeviceTest, TheRateLimitDelaysAndNeverRefusesForEver) {
  create({.bandwidth = {.per_second = 1000, .burst = 500}});
  start();
  EXPECT_EQ(request(300), 300);
  EXPECT_EQ(request(300), -1);
  clock.advance(99ms);
  clock.run();
  EXPECT_FALSE(driver->queue(0).has_used());
  clock.advance(2ms);
  clock.run();
  EXPECT_EQ(driver->take(0)->size(), 300U);
  // More than the burst passes with a full bucket.
  EXPECT_EQ(request(2000), -1);
  clock.advance(1s);
  clock.run();
  EXPECT_EQ(driver->take(0)->size(), 2000U);
}

TEST_F(RngDeviceTest, KicksWhileARequestWaitsDoNotHurryIt) {
  create({.bandwidth = {.per_second = 100, .burst = 100}});
  start();
  EXPECT_EQ(request(100), 100);
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(request(50), -1);
    driver->kick(0);
    clock.run();
  }
  clock.advance(600ms);
  clock.run();
  EXPECT_TRUE(driver->queue(0).used());
  EXPECT_FALSE(driver->queue(0).used());
}

TEST_F(RngDeviceTest, ResetForgetsTheRequestThatWaits) {
  create({.bandwidth = {.per_second = 100, .burst = 100}});
  start();
  EXPECT_EQ(request(100), 100);
  EXPECT_EQ(request(100), -1);
  reset();
  driver->lay_rings();
  clock.advance(10s);
  clock.run();
  EXPECT_FALSE(driver->queue(0).has_used());
  start();
  EXPECT_EQ(request(100), 100);
}

TEST_F(RngDeviceTest, DestroyedWhileARequestWaits) {
  create({.bandwidth = {.per_second = 1, .burst = 1}});
  start();
  EXPECT_EQ(request(100), 100);
  EXPECT_EQ(request(100), -1);
  driver.reset();
  rng.reset();
  clock.advance(10s);
  clock.run();
}

TEST_F(RngDeviceTest, ReadsItsSource) {
  SourceFile file;
  file.write("abcdefghij");
  create({.source = file.path()});
  start();
  driver->give(0, 4);
  clock.run();
  EXPECT_EQ(driver->take(0), "abcd");
  // A file that ends: the rest comes from the host's generator.
  EXPECT_EQ(request(100), 100);
  EXPECT_EQ(request(100), 100);
}

TEST_F(RngDeviceTest, ASourceWithNothingJustNowIsAskedAgain) {
  SourceFile file;
  ASSERT_EQ(::mkfifo(file.path().c_str(), 0600), 0);
  const Fd keeps_open(::open(file.path().c_str(), O_RDWR | O_CLOEXEC));
  create({.source = file.path()});
  start();
  driver->give(0, 100);
  clock.run();
  EXPECT_FALSE(driver->queue(0).has_used());
  file.write("late");
  clock.advance(RngDevice::kRetryPeriod);
  clock.run();
  EXPECT_EQ(driver->take(0), "late");
}

TEST_F(RngDeviceTest, ASourceThatFailsIsReplaced) {
  create({.source = "/tmp"});  // opens; reading it is EISDIR
  start();
  EXPECT_EQ(request(100), 100);
}

TEST_F(RngDeviceTest, ASourceThatIsNotThereIsAHostError) {
  try {
    create({.source = "/nonexistent/source"});
    FAIL();
  } catch (const HostError& error) {
    EXPECT_NE(std::string(error.what()).find("/nonexistent/source"), std::string::npos);
  }
}

TEST_F(RngDeviceTest, ALimitThatIsLiftedLetsTheWaitingRequestGo) {
  create({.bandwidth = {.per_second = 10, .burst = 10}});
  start();
  EXPECT_EQ(request(10), 10);
  EXPECT_EQ(request(300), -1);
  rng->set_limit({});
  clock.run();
  EXPECT_EQ(driver->take(0)->size(), 300U);
  rng->set_limit({.per_second = 5, .burst = 5});
  EXPECT_EQ(request(5), 5);
  EXPECT_EQ(request(5), -1);
  clock.advance(1s);
  clock.run();
  EXPECT_EQ(driver->take(0)->size(), 5U);
}

TEST_F(RngDeviceTest, ALimitMayBeSetBeforeThereIsADriver) {
  create();
  rng->set_limit({.per_second = 5, .burst = 5});
  start();
  EXPECT_EQ(request(5), 5);
  EXPECT_EQ(request(5), -1);
}

}  // namespace
}  // namespace skiff
