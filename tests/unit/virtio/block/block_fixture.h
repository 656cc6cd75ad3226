// A virtio block device with a driver at one end and a disk at the other.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_virtio_driver.h"
#include "virtio/block/block_device.h"
#include "virtio/block/block_regs.h"
#include "vmm/disk/disk_options.h"
#include "vmm/disk/memory_disk.h"

namespace skiff {

// What came back: the status, and for a request with data to the driver that data.
struct BlockAnswer {
  int status = -1;  // -1: nothing came back
  std::string data;
  std::uint32_t written = 0;
};

class BlockFixture : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kDiskSize = 1 << 20;
  static constexpr std::uint8_t kUntouched = 0xee;  // a status byte that nobody wrote
  // Each request has a place of its own behind the rings: header, status, data.
  static constexpr std::uint64_t kPlace = 0x1000;
  static constexpr std::uint64_t kStatusAt = 0x10;
  static constexpr std::uint64_t kDataAt = 0x100;
  static constexpr std::uint32_t kMostData = kPlace - kDataAt;

  static DiskInfo plain_info() {
    DiskInfo info;
    info.name = "test";
    info.can_discard = true;
    info.can_write_zeroes = true;
    return info;
  }
  void create(const BlockOptions& options = {}, DiskInfo info = plain_info(),
              const DriverQueueOptions& ring = {}) {
    auto backend = std::make_unique<MemoryDisk>(kDiskSize, std::move(info));
    memory_disk = backend.get();
    create(std::move(backend), options, ring);
  }
  void create(std::unique_ptr<DiskBackend> backend, const BlockOptions& options,
              const DriverQueueOptions& ring = {}) {
    destroy();
    block = std::make_unique<BlockDevice>(std::move(backend), clock, clock, options);
    driver = std::make_unique<FakeVirtioDriver>(*block, ring);
  }
  void start(std::optional<std::uint64_t> features = {}) {
    driver->activate(features.value_or(block->features()));
    clock.run();
  }
  bool reset() {
    const auto done = std::make_shared<bool>(false);  // may be set later than this returns
    block->reset([done] { *done = true; });
    clock.run();
    return *done;
  }
  // The device goes before the guest's memory, as in a machine.
  void destroy() {
    if (driver != nullptr) driver->detach();
    block.reset();
    driver.reset();
  }
  void TearDown() override { destroy(); }

  GuestAddress place(std::size_t queue = 0) {
    const std::uint64_t base =
        FakeVirtioDriver::kQueueSpace * (block->queue_sizes().size() + queue);
    const std::uint64_t at = base + kPlace * (next_place_++ % FakeVirtioDriver::kQueueSize);
    driver->memory().fill(GuestAddress(at), kPlace, std::byte{kUntouched});
    return GuestAddress(at);
  }
  static GuestAddress plus(GuestAddress base, std::uint64_t offset) {
    return GuestAddress(base.value + offset);
  }
  void write_header(GuestAddress at, std::uint32_t type, std::uint64_t sector) {
    driver->memory().store(at, virtio_blk::Header{type, 0, sector});
  }
  std::uint8_t status_at(GuestAddress at) {
    return driver->memory().load<std::uint8_t>(plus(at, kStatusAt)).value();
  }
  // Makes a request available; its place.
  GuestAddress offer(std::uint32_t type, std::uint64_t sector, const std::string& out,
                     std::uint32_t in = 0, std::size_t queue = 0) {
    const GuestAddress at = place(queue);
    write_header(at, type, sector);
    driver->memory().write(plus(at, kDataAt), std::as_bytes(std::span(out)));
    std::vector<DriverBuffer> chain{{at, 16}};
    if (!out.empty()) chain.push_back({plus(at, kDataAt), static_cast<std::uint32_t>(out.size())});
    if (in != 0) chain.push_back({plus(at, kDataAt), in, true});
    chain.push_back({plus(at, kStatusAt), 1, true});
    driver->queue(queue).offer(chain);
    return at;
  }
  // Runs the loop until something comes back.
  std::optional<DriverUsed> wait_used(std::size_t queue = 0) {
    for (int i = 0; i < 100; ++i) {
      clock.run();
      if (const auto used = driver->queue(queue).used()) return used;
      clock.run_for(std::chrono::milliseconds(100));
    }
    return std::nullopt;
  }
  BlockAnswer ask(std::uint32_t type, std::uint64_t sector, const std::string& out,
                  std::uint32_t in = 0, std::size_t queue = 0) {
    const GuestAddress at = offer(type, sector, out, in, queue);
    driver->kick(queue);
    const auto used = wait_used(queue);
    if (!used) return {};
    std::string data(in, '\0');
    driver->memory().read(plus(at, kDataAt), std::as_writable_bytes(std::span(data)));
    return {status_at(at), data, used->length};
  }
  int write(std::uint64_t sector, const std::string& data) {
    return ask(virtio_blk::kTypeOut, sector, data).status;
  }
  BlockAnswer read(std::uint64_t sector, std::uint32_t length) {
    return ask(virtio_blk::kTypeIn, sector, "", length);
  }
  static std::string segment(std::uint64_t sector, std::uint32_t sectors, std::uint32_t flags = 0) {
    const virtio_blk::Segment value{sector, sectors, flags};
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  template <typename T>
  T config(std::uint64_t offset) {
    T value{};
    block->read_config(offset, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

  FakeClock clock;
  MemoryDisk* memory_disk = nullptr;
  std::unique_ptr<BlockDevice> block;
  std::unique_ptr<FakeVirtioDriver> driver;

 private:
  std::size_t next_place_ = 0;
};

}  // namespace skiff
