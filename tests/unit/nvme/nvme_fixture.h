// An NVMe controller with a driver at one end and a disk at the other.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "devices/nvme/nvme_controller.h"
#include "devices/nvme/nvme_regs.h"
#include "devices/pci/pci_bus.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_doorbells.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_msi_sink.h"
#include "vmm/disk/memory_disk.h"
#include "vmm/io/io_bus.h"

namespace skiff {

class NvmeFixture : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kRam = 0x40'0000;
  static constexpr std::uint64_t kDiskSize = 1 << 20;
  static constexpr std::uint64_t kAdminSq = 0x1000;
  static constexpr std::uint64_t kAdminCq = 0x2000;
  static constexpr std::uint64_t kIoQueues = 0x4000;  // SQ, CQ, a page each, by queue
  static constexpr std::uint64_t kData = 0x10'0000;
  static constexpr std::uint32_t kEntries = 16;
  static constexpr std::uint64_t kMsixMessage = 0xfee0'0000;

  struct Ring {
    std::uint64_t sq = 0;
    std::uint64_t cq = 0;
    std::uint32_t entries = kEntries;
    std::uint32_t tail = 0;
    std::uint32_t head = 0;
    bool phase = true;
  };

  static DiskInfo plain_info() {
    DiskInfo info;
    info.name = "test";
    info.can_discard = true;
    info.can_write_zeroes = true;
    return info;
  }
  void create(const NvmeOptions& options = {}, const DiskInfo& info = plain_info()) {
    auto backend = std::make_unique<MemoryDisk>(kDiskSize, info);
    memory_disk = backend.get();
    create(std::move(backend), options);
  }
  void create(std::unique_ptr<DiskBackend> backend, const NvmeOptions& options = {}) {
    create(std::move(backend), options, clock);
  }
  void create(std::unique_ptr<DiskBackend> backend, const NvmeOptions& options,
              Executor& executor) {
    nvme = std::make_unique<NvmeController>(std::move(backend), executor, clock, memory, msi,
                                            &doorbells, options);
    bus.add(*nvme);
    bus.assign_bars();
    bar = nvme->wanted_range(0)->start;
  }

  // --- Registers
  std::uint64_t read(std::uint64_t offset, std::uint8_t width = 4) {
    IoBus::Target target;
    std::uint64_t value = 0;
    mmio.read(reader, bar + offset, width, value, target);
    return value;
  }
  IoStatus write(std::uint64_t offset, std::uint64_t value, std::uint8_t width = 4) {
    IoBus::Target target;
    return mmio.write(reader, bar + offset, width, value, target);
  }
  std::uint32_t csts() { return static_cast<std::uint32_t>(read(nvme::kCsts)); }
  // As a driver's write: one that memory keeps does not reach the register.
  void ring(std::size_t queue, bool is_head, std::uint32_t value) {
    const std::uint64_t offset = nvme::kDoorbells + queue * 8 + (is_head ? 4 : 0);
    if (!doorbells.ring(bar + offset, 4, value)) write(offset, value);
  }

  // --- Life
  void enable(std::uint32_t aqa = (kEntries - 1) << 16 | (kEntries - 1)) {
    rings.clear();
    rings[0] = {.sq = kAdminSq, .cq = kAdminCq};
    memory.fill(GuestAddress(kAdminCq), 0x1000, std::byte{0});
    write(nvme::kAqa, aqa);
    write(nvme::kAsq, kAdminSq, 8);
    write(nvme::kAcq, kAdminCq, 8);
    write(nvme::kCc, 0x0046'0001);
    clock.run();
  }
  void disable() {
    write(nvme::kCc, 0);
    clock.run();
  }
  void use_msix(unsigned vectors) {
    const std::uint64_t table = nvme->wanted_range(4)->start;
    IoBus::Target target;
    for (unsigned i = 0; i < vectors; ++i) {
      mmio.write(reader, table + 16 * i, 4, kMsixMessage, target);
      mmio.write(reader, table + 16 * i + 8, 4, i, target);
      mmio.write(reader, table + 16 * i + 12, 4, 0, target);
    }
    const auto capability = nvme->config_read(0x34, 1);
    nvme->config_write(capability + 2, 2, 0x8000);
  }
  std::size_t interrupts_of(std::uint32_t vector) {
    std::size_t count = 0;
    for (const MsiMessage& message : msi.sent())
      count += message.data == vector ? 1 : 0;
    return count;
  }

  // --- Commands
  std::uint16_t offer(std::size_t queue, nvme::Command command) {
    Ring& ring_of = rings[queue];
    command.cid = ++last_cid;
    memory.store(GuestAddress(ring_of.sq + ring_of.tail * sizeof command), command);
    ring_of.tail = (ring_of.tail + 1) % ring_of.entries;
    return command.cid;
  }
  void ring_tail(std::size_t queue) { ring(queue, false, rings[queue].tail); }
  std::optional<nvme::Completion> take(std::size_t queue, bool acknowledges = true) {
    Ring& ring_of = rings[queue];
    const auto entry = *memory.load<nvme::Completion>(
        GuestAddress(ring_of.cq + ring_of.head * sizeof(nvme::Completion)));
    if (((entry.status & 1) != 0) != ring_of.phase) return std::nullopt;
    if (++ring_of.head == ring_of.entries) {
      ring_of.head = 0;
      ring_of.phase = !ring_of.phase;
    }
    if (acknowledges) ring(queue, true, ring_of.head);
    return entry;
  }
  std::optional<nvme::Completion> wait(std::size_t queue) {
    for (int i = 0; i < 3; ++i) {
      clock.run();
      if (const auto entry = take(queue)) return entry;
    }
    return std::nullopt;
  }
  // The status (a nvme::Status), or -1 where nothing came back.
  int ask(std::size_t queue, const nvme::Command& command) {
    const std::uint16_t cid = offer(queue, command);
    ring_tail(queue);
    const auto entry = wait(queue);
    if (!entry) return -1;
    EXPECT_EQ(entry->cid, cid);
    EXPECT_EQ(entry->sq_id, queue);
    result = entry->result;
    return entry->status >> 1;
  }
  int admin(nvme::Command command) { return ask(0, command); }
  static constexpr int ok = 0;
  static int code(nvme::Status status) { return static_cast<int>(status); }

  int create_queue(std::uint16_t id, std::uint32_t entries = kEntries, std::uint16_t vector = 0) {
    const std::uint64_t base = kIoQueues + 0x2000ULL * id;
    memory.fill(GuestAddress(base), 0x2000, std::byte{0});
    rings[id] = {.sq = base, .cq = base + 0x1000, .entries = entries};
    const std::uint32_t dw10 = (entries - 1) << 16 | id;
    if (const int status = admin({.opcode = nvme::kCreateCq,
                                  .prp1 = base + 0x1000,
                                  .dw10 = dw10,
                                  .dw11 = std::uint32_t{vector} << 16 | 3});
        status != ok) {
      return status;
    }
    return admin({.opcode = nvme::kCreateSq,
                  .prp1 = base,
                  .dw10 = dw10,
                  .dw11 = std::uint32_t{id} << 16 | 1});
  }
  static nvme::Command transfer(std::uint8_t opcode, std::uint64_t block, std::uint32_t blocks,
                                std::uint64_t prp1 = kData, std::uint64_t prp2 = 0) {
    return {.opcode = opcode,
            .nsid = 1,
            .prp1 = prp1,
            .prp2 = prp2,
            .dw10 = static_cast<std::uint32_t>(block),
            .dw11 = static_cast<std::uint32_t>(block >> 32),
            .dw12 = blocks - 1};
  }
  template <typename T>
  T data(std::uint64_t offset) {
    return memory.load<T>(GuestAddress(kData + offset)).value();
  }
  std::string text(std::uint64_t address, std::size_t size) {
    std::string out(size, '\0');
    memory.read(GuestAddress(address), std::as_writable_bytes(std::span(out)));
    return out;
  }
  void put(std::uint64_t address, const std::string& bytes) {
    ASSERT_TRUE(memory.write(GuestAddress(address), std::as_bytes(std::span(bytes))));
  }

  const GuestMemory memory{std::array{Range{0, kRam}}, {.huge_pages = HugePages::off}};
  FakeClock clock;
  FakeMsiSink msi;
  FakeDoorbells doorbells;
  FakeIrqSink wire;
  IoBus ports{"port", Range{0, 0x10000}};
  IoBus mmio{"MMIO", Range{0, 1ULL << 46}};
  IoBus::Reader reader{mmio};
  PciBus bus{ports,
             mmio,
             {.io = {0xc000, 0x1000},
              .mmio32 = {0xe000'0000, 0x1000'0000},
              .mmio64 = {0x80'0000'0000, 0x1'0000'0000}},
             std::array{PciIntxRoute{16, &wire}}};
  MemoryDisk* memory_disk = nullptr;
  std::uint64_t bar = 0;
  std::map<std::size_t, Ring> rings;
  std::uint16_t last_cid = 0;
  std::uint32_t result = 0;
  std::unique_ptr<NvmeController> nvme;  // goes first
};

}  // namespace skiff
