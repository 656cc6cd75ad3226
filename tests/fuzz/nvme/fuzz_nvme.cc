// An NVMe controller under any driver: registers, doorbells, queues, commands, PRP lists and memory
// as the input says, with resets, resizes and time in between, over a disk in memory. Beyond not
// crashing: the disk stays inside its bytes, and after a reset a good driver finds a good
// controller.
#include <array>
#include <memory>
#include <span>

#include "devices/nvme/nvme_controller.h"
#include "devices/nvme/nvme_regs.h"
#include "devices/pci/pci_bus.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_doorbells.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/fake_msi_sink.h"
#include "tests/fuzz/fuzz_input.h"
#include "vmm/base/bytes.h"
#include "vmm/base/log.h"
#include "vmm/disk/memory_disk.h"
#include "vmm/io/io_bus.h"

namespace skiff {
namespace {

using namespace nvme;

constexpr std::uint64_t kRam = 0x4'0000;
constexpr std::uint64_t kDisk = 0x1'0000;
constexpr std::uint64_t kSubmissions = 0x1000;  // and those of the next queue two pages further on
constexpr std::uint64_t kCompletions = 0x2000;
constexpr std::uint64_t kStep = 0x2000;
constexpr std::uint32_t kEntries = 8;
constexpr std::uint16_t kQueues = 3;  // the admin queue among them
constexpr std::uint64_t kShadows = 0x8000;
constexpr std::uint64_t kData = 0x1'0000;

class Machine {
 public:
  explicit Machine(FuzzInput& input)
      : memory_(std::array{Range{0, kRam}}, {.huge_pages = HugePages::off}) {
    const std::uint8_t shape = input.byte();
    DiskInfo info;
    info.name = "fuzz";
    info.block_size = (shape & 1) != 0 ? 4096 : 512;
    info.read_only = (shape & 2) != 0;
    info.can_discard = info.can_write_zeroes = !info.read_only;
    NvmeOptions options;
    options.queues = kQueues - 1;
    if ((shape & 4) != 0) options.operations = {.per_second = 100, .burst = 4};
    if ((shape & 8) != 0) options.bandwidth = {.per_second = 10000, .burst = 4096};
    auto disk = std::make_unique<MemoryDisk>(kDisk, info);
    disk_ = disk.get();
    nvme_ = std::make_unique<NvmeController>(std::move(disk), clock_, clock_, memory_, msi_,
                                             &doorbells_, options);
    bus_.add(*nvme_);
    bus_.assign_bars();
    if ((shape & 16) != 0) use_msix();
    if ((shape & 32) != 0) bring_up();
  }
  ~Machine() {
    nvme_.reset();
    clock_.run(8);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void step(FuzzInput& input) {
    switch (input.byte() % 16) {
      case 0: {  // any register
        const auto width = static_cast<std::uint8_t>(1 << (input.byte() & 3));
        const std::uint64_t offset = input.take<std::uint16_t>() & 0x1fff;
        write(offset, input.take<std::uint64_t>(), width);
        return;
      }
      case 1: {
        const auto width = static_cast<std::uint8_t>(1 << (input.byte() & 3));
        read(input.take<std::uint16_t>() & 0x1fff, width);
        return;
      }
      case 2:
        write(kCc, input.take<std::uint32_t>());
        return;
      case 3:
        return bring_up();
      case 4: {
        disk_->set_capacity(std::uint64_t{input.take<std::uint16_t>()} / 4096 * 4096);
        nvme_->resize();
        return;
      }
      case 5:
        clock_.advance(std::chrono::milliseconds(input.byte()));
        return;
      case 6: {  // any bytes anywhere
        const std::uint64_t at = input.take<std::uint32_t>() % kRam;
        memory_.store(GuestAddress(at), input.take<std::uint64_t>());
        return;
      }
      case 7: {  // a page of PRP entries
        const std::uint64_t page = input.byte() % (kRam / 4096) * 4096;
        const std::uint64_t first = address(input);
        for (std::uint64_t i = 0; i < 512; ++i)
          memory_.store(GuestAddress(page + 8 * i), first + 4096 * (i % 16));
        return;
      }
      case 8: {
        const std::uint8_t which = input.byte();
        write(kDoorbells + 4 * (which % (2 * kQueues)), input.byte());
        return;
      }
      case 9:
        clock_.run(input.byte() % 8);
        return;
      case 10:
        return admin(input);
      default:
        return command(input);
    }
  }

  // Whatever the driver did, a reset brings it back.
  void check_clean() {
    disk_->set_capacity(kDisk);
    nvme_->set_limits({}, {});
    bring_up();
    memory_.fill(GuestAddress(kData), 0x1000, std::byte{0xee});
    offer(1, {.opcode = kRead, .nsid = 1, .prp1 = kData, .dw12 = 0});
    clock_.run();
    const auto entry = memory_.load<Completion>(GuestAddress(kCompletions + kStep)).value();
    require(entry.status == 1);  // the first phase, and success
    require(entry.sq_id == 1);
    require((read(kCsts, 4) & kCstsReady) != 0);
  }

 private:
  void write(std::uint64_t offset, std::uint64_t value, std::uint8_t width = 4) {
    IoBus::Target target;
    mmio_.write(reader_, nvme_->wanted_range(0)->start + offset, width, value, target);
  }
  std::uint64_t read(std::uint64_t offset, std::uint8_t width) {
    IoBus::Target target;
    std::uint64_t value = 0;
    mmio_.read(reader_, nvme_->wanted_range(0)->start + offset, width, value, target);
    return value;
  }
  void use_msix() {
    IoBus::Target target;
    const std::uint64_t table = nvme_->wanted_range(4)->start;
    for (unsigned i = 0; i < kQueues; ++i)
      mmio_.write(reader_, table + 16 * i + 12, 4, 0, target);
    nvme_->config_write(nvme_->config_read(0x34, 1) + 2, 2, 0x8000);
  }

  void offer(std::size_t queue, const Command& command) {
    std::uint32_t& tail = tails_.at(queue);
    memory_.store(GuestAddress(kSubmissions + kStep * queue + 64 * tail), command);
    tail = (tail + 1) % kEntries;
    write(kDoorbells + 8 * queue, tail);
  }
  // A good driver.
  void bring_up() {
    write(kCc, 0);
    clock_.run();
    for (int i = 0; i < 100 && read(kCsts, 4) != 0; ++i) {
      clock_.advance(std::chrono::seconds(100));
      clock_.run();
    }
    require(read(kCsts, 4) == 0);
    tails_ = {};
    memory_.fill(GuestAddress(kSubmissions), kStep * kQueues, std::byte{0});
    write(kAqa, (kEntries - 1) << 16 | (kEntries - 1));
    write(kAsq, kSubmissions, 8);
    write(kAcq, kCompletions, 8);
    write(kCc, 0x0046'0001);
    clock_.run();
    require(read(kCsts, 4) == kCstsReady);
    const std::uint32_t dw10 = (kEntries - 1) << 16;
    for (std::uint32_t i = 1; i < kQueues; ++i) {
      const std::uint64_t base = kSubmissions + kStep * i;
      offer(0, {.opcode = kCreateCq, .prp1 = base + 0x1000, .dw10 = dw10 | i, .dw11 = i << 16 | 3});
      offer(0, {.opcode = kCreateSq, .prp1 = base, .dw10 = dw10 | i, .dw11 = i << 16 | 1});
    }
    clock_.run();
    write(kDoorbells + 4, 4);
  }

  static std::uint64_t address(FuzzInput& input) {
    const std::uint16_t value = input.take<std::uint16_t>();
    // Mostly pages of RAM; now and then inside one, around its end, and at the end of everything.
    if (value >= 0xff00) return ~0ULL - (value & 0xff);
    if (value >= 0xfe00) return kRam - 0x80 + (value & 0xff);
    if (value >= 0xf000) return std::uint64_t{value} * 4;
    return value % (kRam / 4096) * 4096ULL;
  }

  void admin(FuzzInput& input) {
    Command command;
    constexpr std::array kOpcodes = {kDeleteSq,    kCreateSq,   kGetLogPage,    kDeleteCq,
                                     kCreateCq,    kIdentify,   kAbort,         kSetFeatures,
                                     kGetFeatures, kAsyncEvent, kDoorbellBuffer};
    const std::uint8_t which = input.byte();
    command.opcode = which < 0xf0 ? kOpcodes.at(which % kOpcodes.size()) : input.byte();
    command.cid = input.byte();
    command.nsid = input.byte() & 1;
    command.prp1 = address(input);
    command.prp2 = command.opcode == kDoorbellBuffer ? kShadows : address(input);
    command.dw10 = input.take<std::uint32_t>();
    command.dw11 = input.take<std::uint32_t>();
    if ((which & 1) != 0) {
      command.dw10 &= 0xf'0003;
      command.dw11 &= 0x3'0003;
    }
    command.dw12 = input.byte();
    offer(0, command);
  }

  void command(FuzzInput& input) {
    Command command;
    constexpr std::array kOpcodes = {kFlush, kWrite, kRead, kWriteZeroes, kDatasetManagement};
    const std::uint8_t which = input.byte();
    command.opcode = which < 0xf0 ? kOpcodes.at(which % kOpcodes.size()) : input.byte();
    command.flags = which == 0xff ? input.byte() : 0;
    command.cid = input.byte();
    command.nsid = which < 0xe0 ? 1 : input.take<std::uint32_t>();
    command.prp1 = address(input);
    command.prp2 = address(input);
    command.dw10 = input.byte();
    if ((which & 0x40) != 0) command.dw11 = input.take<std::uint32_t>();
    command.dw12 = input.take<std::uint32_t>() & ((which & 0x20) != 0 ? ~0U : 0x4200'001fU);
    offer(1 + (which & 1), command);
  }

  const GuestMemory memory_;
  FakeClock clock_;
  FakeMsiSink msi_;
  FakeDoorbells doorbells_;
  FakeIrqSink wire_;
  IoBus ports_{"port", Range{0, 0x10000}};
  IoBus mmio_{"MMIO", Range{0, 1ULL << 46}};
  IoBus::Reader reader_{mmio_};
  PciBus bus_{ports_,
              mmio_,
              {.io = {0xc000, 0x1000},
               .mmio32 = {0xe000'0000, 0x1000'0000},
               .mmio64 = {0x80'0000'0000, 0x1'0000'0000}},
              std::array{PciIntxRoute{16, &wire_}}};
  MemoryDisk* disk_ = nullptr;
  std::unique_ptr<NvmeController> nvme_;
  std::array<std::uint32_t, kQueues> tails_{};
};

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  skiff::log_setup(skiff::LogLevel::off, {});
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skiff::FuzzInput input(std::as_bytes(std::span(data, size)));
  skiff::Machine machine(input);
  while (!input.empty())
    machine.step(input);
  machine.check_clean();
  return 0;
}
