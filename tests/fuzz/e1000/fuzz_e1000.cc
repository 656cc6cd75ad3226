// An e1000 under any driver: registers, both rings, descriptors and memory as the input says, with
// resets, link changes, limits and time in between, and any frames from the wire. Beyond not
// crashing: what goes out is consistent with its header, and after a reset a good driver finds a
// good card.
#include <array>
#include <memory>
#include <span>
#include <string>

#include "devices/e1000/e1000_controller.h"
#include "devices/e1000/e1000_regs.h"
#include "devices/pci/pci_bus.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/virtio/net/fake_net_backend.h"
#include "vmm/base/bytes.h"
#include "vmm/base/log.h"
#include "vmm/io/io_bus.h"

namespace skiff {
namespace {

using namespace e1000;

constexpr std::uint64_t kRam = 0x10'0000;
constexpr std::uint64_t kTxRing = 0x1000;
constexpr std::uint64_t kRxRing = 0x2000;
constexpr std::uint64_t kData = 0x1'0000;
constexpr std::uint32_t kEntries = 16;
constexpr MacAddress kMac{{0x52, 0x54, 0, 1, 2, 3}};

class Machine {
 public:
  explicit Machine(FuzzInput& input)
      : memory_(std::array{Range{0, kRam}}, {.huge_pages = HugePages::off}) {
    const std::uint8_t shape = input.byte();
    NetCapabilities capabilities = FakeNetBackend::full_capabilities();
    if ((shape & 1) != 0) capabilities.send = {};
    if ((shape & 2) != 0) capabilities.send.tso4 = capabilities.send.tso6 = false;
    E1000Options options{.mac = kMac};
    options.link = (shape & 4) == 0;
    if ((shape & 8) != 0) options.limits.transmit_packets = {.per_second = 100, .burst = 4};
    if ((shape & 16) != 0) options.limits.receive_bytes = {.per_second = 10000, .burst = 2000};
    auto backend = std::make_unique<FakeNetBackend>(capabilities);
    wire_ = backend.get();
    card_ = std::make_unique<E1000Controller>(std::move(backend), clock_, clock_, memory_, options);
    bus_.add(*card_);
    bus_.assign_bars();
    card_->config_write(4, 2, 7);
    bar_ = card_->wanted_range(0)->start;
    if ((shape & 32) == 0) bring_up();
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void step(FuzzInput& input) {
    switch (input.byte() % 16) {
      case 0: {  // any register
        const auto width = static_cast<std::uint8_t>(1 << (input.byte() & 3));
        write(input.take<std::uint16_t>(), input.take<std::uint32_t>(), width);
        return;
      }
      case 1:
        read(input.take<std::uint16_t>() & ~3U);
        return;
      case 2: {  // one that counts
        constexpr std::array<std::uint32_t, 16> kRegisters = {
            kRctl, kTctl, kTdbal, kTdbah,  kTdlen, kTdh, kRdbal, kRdlen,
            kRdh,  kCtrl, kVet,   kRxcsum, kTidv,  kItr, kMdic,  kEecd};
        write(kRegisters.at(input.byte() % 16), input.take<std::uint32_t>());
        return;
      }
      case 3:
        return bring_up();
      case 4:
        card_->set_link((input.byte() & 1) != 0);
        return;
      case 5:
        clock_.advance(std::chrono::microseconds(input.take<std::uint16_t>()));
        return;
      case 6: {  // any bytes anywhere
        const std::uint64_t at = input.take<std::uint32_t>() % kRam;
        memory_.store(GuestAddress(at), input.take<std::uint64_t>());
        return;
      }
      case 7:
        write(kTdt, input.byte());
        return;
      case 8:
        write(kRdt, input.byte());
        return;
      case 9:
        clock_.run(input.byte() % 8);
        return;
      case 10:
        return arrive(input);
      case 11: {
        const std::uint8_t what = input.byte();
        wire_->full = (what & 1) != 0;
        if ((what & 2) != 0 && wire_->started) wire_->events.on_sendable(0);
        return;
      }
      case 12:
        return receive_buffer(input);
      default:
        return descriptor(input);
    }
  }

  // Everything that went out is as its header says.
  void check_sent() {
    for (const auto& frame : wire_->sent) {
      const NetFrameHeader& header = frame.header;
      require(frame.bytes.size() >= kShortestFrame && frame.bytes.size() <= kMaxFrameSize);
      if (header.flags != 0) {
        require(header.flags == NetFrameHeader::kNeedsChecksum && header.csum_start >= 14);
        require(std::size_t{header.csum_start} + header.csum_offset + 2 <= frame.bytes.size());
      }
      if (header.gso_type == NetFrameHeader::kGsoNone) {
        require(frame.bytes.size() <= kE1000LongestFrame + 4);
      } else {
        require(header.flags != 0 && header.gso_size != 0);
        require(header.hdr_len < frame.bytes.size());
      }
    }
    wire_->sent.clear();
  }

  // Whatever the driver did, a reset brings it back.
  void check_clean() {
    wire_->full = false;
    wire_->arriving[0].clear();
    card_->set_link(true);
    card_->set_limits({});
    card_->config_write(4, 2, 7);
    bring_up();
    clock_.run();
    wire_->sent.clear();
    memory_.fill(GuestAddress(kData), 100, std::byte{2});
    put(0, {.first = kData, .lower = 100 | kTxEop | kTxRs, .status = 0, .upper = 0, .special = 0});
    write(kTdt, 1);
    clock_.run();
    require(wire_->sent.size() == 1 && wire_->sent[0].bytes.size() == 100);
    require((memory_.load<TransmitDescriptor>(GuestAddress(kTxRing))->status & kTxDd) != 0);
    memory_.store(GuestAddress(kRxRing), std::array<std::uint64_t, 2>{kData, 0});
    write(kRdt, 1);
    std::string frame(64, 'x');
    for (std::size_t i = 0; i < kMac.bytes.size(); ++i)
      frame[i] = static_cast<char>(kMac.bytes[i]);
    wire_->arrive(frame);
    clock_.run();
    const auto received = *memory_.load<ReceiveDescriptor>(GuestAddress(kRxRing));
    require((received.status & (kRxDd | kRxEop)) == (kRxDd | kRxEop) && received.length == 68);
  }

 private:
  void write(std::uint64_t offset, std::uint64_t value, std::uint8_t width = 4) {
    IoBus::Target target;
    mmio_.write(reader_, bar_ + offset, width, value, target);
  }
  std::uint64_t read(std::uint64_t offset) {
    IoBus::Target target;
    std::uint64_t value = 0;
    mmio_.read(reader_, bar_ + offset, 4, value, target);
    return value;
  }
  void put(std::uint32_t index, const TransmitDescriptor& descriptor) {
    memory_.store(GuestAddress(kTxRing + index * std::uint64_t{16}), descriptor);
  }
  // A good driver.
  void bring_up() {
    write(kCtrl, kCtrlRst);
    clock_.run(64);
    require((read(kRctl) | read(kTctl) | read(kTdh) | read(kTdt)) == 0);
    // The PHY is not reset with the rest.
    write(kMdic, 1U << kMdicOpShift | 1U << kMdicPhyShift | 0x9200);
    write(kCtrl, kCtrlSlu);
    write(kTdbal, kTxRing);
    write(kTdlen, kEntries * 16);
    write(kRdbal, kRxRing);
    write(kRdlen, kEntries * 16);
    write(kTctl, kTctlEn);
    write(kRctl, kRctlEn | kRctlBam);
    tail_ = 0;
    clock_.run(64);
  }

  static std::uint64_t address(FuzzInput& input) {
    const std::uint16_t value = input.take<std::uint16_t>();
    // Mostly RAM; now and then around its end, and at the end of everything.
    if (value >= 0xff00) return ~0ULL - (value & 0xff);
    if (value >= 0xfe00) return kRam - 0x80 + (value & 0xff);
    return std::uint64_t{value} * 8;
  }

  void descriptor(FuzzInput& input) {
    TransmitDescriptor made;
    const std::uint8_t what = input.byte();
    const std::uint32_t command = std::uint32_t{input.byte()} << 24;
    if ((what & 3) == 0) {  // a context that could be one
      made.first = input.take<std::uint64_t>();
      if ((what & 4) != 0) made.first = 0x0000'3222'0021'180eULL;  // IPv4 and TCP, as usual
      made.lower = (input.take<std::uint32_t>() & kTxDataLength) | kTxDext | command;
      made.upper = (what & 4) != 0 ? 54 : input.byte();
      made.special = input.take<std::uint16_t>() & ((what & 8) != 0 ? 0xffff : 0x3ff);
    } else {
      made.first = address(input);
      made.lower = (input.take<std::uint16_t>() & ((what & 4) != 0 ? 0xffffU : 0x7ffU)) | command;
      if ((command & kTxDext) != 0) made.lower |= kTxTypeData << kTxTypeShift;
      made.upper = input.byte();
      made.special = input.take<std::uint16_t>();
    }
    made.status = 0;
    put(tail_, made);
    tail_ = (tail_ + 1) % kEntries;
    if ((what & 0x80) != 0) write(kTdt, tail_);
  }
  void receive_buffer(FuzzInput& input) {
    const std::uint32_t index = input.byte() % kEntries;
    memory_.store(GuestAddress(kRxRing + index * std::uint64_t{16}),
                  std::array<std::uint64_t, 2>{address(input), 0});
    write(kRdt, (index + 1) % kEntries);
  }
  void arrive(FuzzInput& input) {
    const std::uint8_t what = input.byte();
    std::string frame(input.take<std::uint16_t>() % ((what & 1) != 0 ? 20'000 : 200), '\0');
    for (std::size_t i = 0; i < frame.size() && i < 80 && !input.empty(); ++i)
      frame[i] = static_cast<char>(input.byte());
    for (std::size_t i = 0; i < 6 && i < frame.size() && (what & 2) != 0; ++i)
      frame[i] = static_cast<char>(kMac.bytes[i]);
    NetFrameHeader header;
    if ((what & 4) != 0) header.flags = NetFrameHeader::kDataValid;
    if ((what & 8) != 0) {
      header.flags = NetFrameHeader::kNeedsChecksum;
      header.csum_start = input.take<std::uint16_t>();
      header.csum_offset = input.byte();
    }
    if (wire_->arriving[0].size() < 100) wire_->arrive(frame, header);
  }

  const GuestMemory memory_;
  FakeClock clock_;
  FakeIrqSink irq_;
  IoBus ports_{"port", Range{0, 0x10000}};
  IoBus mmio_{"MMIO", Range{0, 1ULL << 46}};
  IoBus::Reader reader_{mmio_};
  PciBus bus_{ports_,
              mmio_,
              {.io = {0xc000, 0x1000},
               .mmio32 = {0xe000'0000, 0x1000'0000},
               .mmio64 = {0x80'0000'0000, 0x1'0000'0000}},
              std::array{PciIntxRoute{16, &irq_}}};
  FakeNetBackend* wire_ = nullptr;
  std::uint64_t bar_ = 0;
  std::uint32_t tail_ = 0;
  std::unique_ptr<E1000Controller> card_;
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
  while (!input.empty()) {
    machine.step(input);
    machine.check_sent();
  }
  machine.check_clean();
  return 0;
}
