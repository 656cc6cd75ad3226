// A PC with an IDE controller, as a driver meets it: the fixed ports, BAR 4, RAM and two
// interrupts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "devices/ide/ata_regs.h"
#include "devices/ide/bus_master_regs.h"
#include "devices/ide/ide_controller.h"
#include "devices/pci/pci_bus.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "vmm/base/bytes.h"
#include "vmm/disk/instant_queue.h"
#include "vmm/io/io_bus.h"

namespace skiff::ide_test {

inline constexpr std::size_t kSectors = 4608;
inline constexpr std::uint64_t kRamSize = 1 << 20;
inline constexpr std::uint16_t kBm = 0xc000;  // BAR 4

// Bytes in memory, with the errors a test wants, and a list of what it was asked for.
class TestDisk final : public DiskBackend {
 public:
  struct Asked {
    DiskOperation operation;
    bool fua;
    std::uint64_t offset;
    std::uint64_t length;
    friend bool operator==(const Asked&, const Asked&) = default;
  };

  explicit TestDisk(std::size_t sectors, DiskInfo info = {.name = "test", .can_discard = true})
      : info_(std::move(info)), bytes(sectors * ata::kSectorSize) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = pattern(i);
  }
  static std::byte pattern(std::size_t at) {
    return static_cast<std::byte>(at * 7 + at / ata::kSectorSize);
  }
  const DiskInfo& info() const noexcept override { return info_; }
  std::uint64_t capacity() const noexcept override { return bytes.size(); }
  std::uint64_t refresh_capacity() noexcept override { return bytes.size(); }
  std::unique_ptr<DiskQueue> create_queue(Executor& executor, DiskQueueClient& client,
                                          std::uint32_t /*depth*/) override {
    return std::make_unique<InstantQueue>(executor, client, "test",
                                          [this](const DiskRequest& r) { return execute(r); });
  }

 private:
  int execute(const DiskRequest& request) {
    asked.push_back({request.operation, request.force_unit_access, request.offset, request.length});
    if (error != 0 && asked.size() > good) return error;
    if (request.operation == DiskOperation::flush) return 0;
    if (!fits(bytes.size(), request.offset, request.length)) return EIO;
    std::byte* at = bytes.data() + request.offset;
    if (request.operation == DiskOperation::discard) {
      std::fill_n(at, request.length, std::byte{0});
      return 0;
    }
    std::uint64_t sum = 0;
    for (const iovec& buffer : request.buffers) {
      if (buffer.iov_len == 0) return EINVAL;
      auto* const host = static_cast<std::byte*>(buffer.iov_base);
      if (request.operation == DiskOperation::read) {
        std::copy_n(at, buffer.iov_len, host);
      } else {
        std::copy_n(host, buffer.iov_len, at);
      }
      at += buffer.iov_len;
      sum += buffer.iov_len;
    }
    return sum == request.length && sum % ata::kSectorSize == 0 ? 0 : EINVAL;
  }

  const DiskInfo info_;

 public:
  std::vector<std::byte> bytes;
  std::vector<Asked> asked;
  int error = 0;         // what fails,
  std::size_t good = 0;  // after so many requests
};

// `Loop`: the executor of the disks.
template <typename Loop>
class Machine {
 public:
  // `sizes`: of the disks [sectors]; behind `hard_disks` of them come discs in CD-ROM drives.
  explicit Machine(const std::vector<std::size_t>& sizes = {kSectors},
                   DiskInfo info = {.name = "test", .can_discard = true},
                   std::size_t hard_disks = IdeController::kMostDisks) {
    std::vector<IdeChannel::DriveConfig> configs;
    for (const std::size_t sectors : sizes) {
      auto disk = std::make_unique<TestDisk>(sectors, info);
      disks.push_back(disk.get());
      media_.push_back(std::make_unique<AtaMedia>("disk" + std::to_string(media_.size()),
                                                  std::move(disk), loop, clock_));
      configs.push_back({.media = media_.back().get(), .is_cdrom = media_.size() > hard_disks});
    }
    controller.emplace(configs, memory, std::array<IrqSink*, 2>{&irqs[0], &irqs[1]});
    bus_.add(*controller);
    bus_.assign_bars();
    controller->add_ports(port_bus);
    controller->config_write(pci::kCommand, 2, pci::kCommandIo | pci::kCommandBusMaster);
  }

  std::uint64_t in(std::uint64_t port, std::uint8_t width = 1) {
    IoBus::Reader reader(port_bus);
    IoBus::Target target;
    std::uint64_t value = 0;
    port_bus.read(reader, port, width, value, target);
    return value;
  }
  IoStatus out(std::uint64_t port, std::uint64_t value, std::uint8_t width = 1) {
    IoBus::Reader reader(port_bus);
    IoBus::Target target;
    return port_bus.write(reader, port, width, value, target);
  }
  std::vector<std::byte> ins(std::uint64_t port, std::size_t bytes, std::uint8_t width = 2) {
    std::vector<std::byte> data(bytes);
    IoBus::Reader reader(port_bus);
    IoBus::Target target;
    std::size_t done = 0;
    port_bus.read_string(reader, port, width, data, done, target);
    return data;
  }
  std::uint16_t identify_word(std::size_t index) {
    command(ata::kIdentifyDevice);
    const auto data = ins(0x1f0, 512);
    return load_le<std::uint16_t>(std::span<const std::byte>(data), index * 2).value_or(0);
  }
  void outs(std::uint64_t port, std::span<const std::byte> data, std::uint8_t width = 2) {
    IoBus::Reader reader(port_bus);
    IoBus::Target target;
    std::size_t done = 0;
    port_bus.write_string(reader, port, width, data, done, target);
  }

  // The first channel.
  std::uint8_t reg(std::uint64_t offset) { return static_cast<std::uint8_t>(in(0x1f0 + offset)); }
  void set(std::uint64_t offset, std::uint64_t value) { out(0x1f0 + offset, value); }
  std::uint8_t alt_status() { return static_cast<std::uint8_t>(in(0x3f6)); }
  void control(std::uint8_t value) { out(0x3f6, value); }
  void command(std::uint8_t code) { set(ata::kCommand, code); }
  void lba28(std::uint8_t code, std::uint32_t lba, std::uint8_t count, std::uint8_t device = 0) {
    set(ata::kDevice, 0xe0U | device | (lba >> 24 & 0xf));
    set(ata::kCount, count);
    set(ata::kLbaLow, lba & 0xff);
    set(ata::kLbaMid, lba >> 8 & 0xff);
    set(ata::kLbaHigh, lba >> 16 & 0xff);
    command(code);
  }
  void lba48(std::uint8_t code, std::uint64_t lba, std::uint16_t count) {
    set(ata::kDevice, 0x40);
    set(ata::kCount, count >> 8);
    set(ata::kLbaLow, lba >> 24 & 0xff);
    set(ata::kLbaMid, lba >> 32 & 0xff);
    set(ata::kLbaHigh, lba >> 40 & 0xff);
    set(ata::kCount, count & 0xff);
    set(ata::kLbaLow, lba & 0xff);
    set(ata::kLbaMid, lba >> 8 & 0xff);
    set(ata::kLbaHigh, lba >> 16 & 0xff);
    command(code);
  }
  // A command packet. `limit`: of a DRQ block [bytes].
  void packet(const std::vector<unsigned>& bytes, std::uint16_t limit = 0xfffe,
              std::uint8_t features = 0) {
    set(ata::kFeatures, features);
    set(ata::kLbaMid, limit & 0xff);
    set(ata::kLbaHigh, limit >> 8);
    command(ata::kPacket);
    std::vector<std::byte> data(12);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      data[i] = static_cast<std::byte>(bytes[i]);
    outs(0x1f0, data);
  }
  std::size_t byte_count() {
    return static_cast<std::size_t>(reg(ata::kLbaMid)) |
           static_cast<std::size_t>(reg(ata::kLbaHigh)) << 8;
  }
  // A table of regions at 0x1000, and the engine started.
  struct Region {
    std::uint32_t address;
    std::uint32_t size;  // 0: 64 KiB
  };
  void prds(const std::vector<Region>& regions, bool with_end = true) {
    for (std::size_t i = 0; i < regions.size(); ++i) {
      const bool last = with_end && i + 1 == regions.size();
      memory.store(GuestAddress(0x1000 + i * 8),
                   std::array<std::uint32_t, 2>{regions[i].address,
                                                regions[i].size | (last ? ide::kPrdEnd : 0)});
    }
  }
  void start_dma(bool to_memory, std::uint32_t table = 0x1000) {
    out(kBm + ide::kBmTable, table, 4);
    out(kBm + ide::kBmStatus, ide::kBmError | ide::kBmInterrupt);
    out(kBm + ide::kBmCommand, to_memory ? ide::kBmToMemory : 0);
    out(kBm + ide::kBmCommand, ide::kBmStart | (to_memory ? ide::kBmToMemory : 0U));
  }
  std::uint8_t bm_status() { return static_cast<std::uint8_t>(in(kBm + ide::kBmStatus)); }
  std::vector<std::byte> ram(std::uint64_t address, std::size_t bytes) {
    std::vector<std::byte> data(bytes);
    memory.read(GuestAddress(address), data);
    return data;
  }
  std::vector<std::byte> on_disk(std::size_t lba, std::size_t sectors, std::size_t disk = 0) const {
    const auto from =
        disks[disk]->bytes.begin() + static_cast<std::ptrdiff_t>(lba * ata::kSectorSize);
    return {from, from + static_cast<std::ptrdiff_t>(sectors * ata::kSectorSize)};
  }

  Loop loop;
  std::array<FakeIrqSink, 2> irqs;
  std::vector<TestDisk*> disks;
  GuestMemory memory{std::array<Range, 1>{{{0, kRamSize}}}, {.huge_pages = HugePages::off}};
  IoBus port_bus{"port", Range{0, 0x10000}};

 private:
  FakeClock clock_;
  IoBus mmio_bus_{"MMIO", Range{0, 1ULL << 46}};
  FakeIrqSink intx_;
  std::array<PciIntxRoute, 1> routes_{{{16, &intx_}}};
  PciBus bus_{port_bus, mmio_bus_, {{kBm, 0x1000}, {0xe000'0000, 0x1000'0000}, {}}, routes_};
  std::vector<std::unique_ptr<AtaMedia>> media_;

 public:
  std::optional<IdeController> controller;
};

using Pc = Machine<FakeClock>;

inline std::vector<std::byte> bytes_of_value(std::size_t count, unsigned seed) {
  std::vector<std::byte> data(count);
  for (std::size_t i = 0; i < count; ++i)
    data[i] = static_cast<std::byte>(i * 13 + seed + i / 251);
  return data;
}

inline constexpr std::uint8_t kReady = ata::kDrdy | ata::kDsc;

}  // namespace skiff::ide_test
