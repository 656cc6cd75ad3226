// The card with a driver at one end and a wire at the other, and a clock to turn.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "devices/e1000/e1000_controller.h"
#include "devices/e1000/e1000_regs.h"
#include "devices/pci/pci_bus.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/unit/e1000/frames.h"
#include "tests/unit/virtio/net/fake_net_backend.h"
#include "vmm/base/log.h"
#include "vmm/io/io_bus.h"

namespace skiff::e1000_test {

using namespace e1000;  // NOLINT(google-build-using-namespace)

class E1000Test : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kRam = 0x100'0000;
  static constexpr std::uint64_t kTxRing = 0x1000;
  static constexpr std::uint64_t kRxRing = 0x2000;
  static constexpr std::uint64_t kTxData = 0x10'0000;
  static constexpr std::uint64_t kRxData = 0x80'0000;
  static constexpr std::uint64_t kRxRoom = 0x4000;  // of one buffer
  static constexpr std::uint32_t kEntries = 16;     // of each ring

  struct Received {
    std::string frame;
    ReceiveDescriptor last{};
    int pieces = 0;
  };

  E1000Test() { log_setup(LogLevel::off, ""); }

  void create(const E1000Options& options = {.mac = kOwn},
              const NetCapabilities& capabilities = FakeNetBackend::full_capabilities()) {
    create(clock, options, capabilities);
  }
  void create(Executor& executor, const E1000Options& options,
              const NetCapabilities& capabilities) {
    auto backend = std::make_unique<FakeNetBackend>(capabilities);
    wire = backend.get();
    card = std::make_unique<E1000Controller>(std::move(backend), executor, clock, memory, options);
    bus.add(*card);
    bus.assign_bars();
    card->config_write(4, 2, 7);  // I/O, memory, bus master
    bar = card->wanted_range(0)->start;
  }
  static NetCapabilities plain() {
    NetCapabilities capabilities;
    capabilities.description = "plain";
    return capabilities;
  }

  // --- Registers
  std::uint32_t read(std::uint64_t offset, std::uint8_t width = 4) {
    IoBus::Target target;
    std::uint64_t value = 0;
    mmio.read(reader, bar + offset, width, value, target);
    return static_cast<std::uint32_t>(value);
  }
  IoStatus write(std::uint64_t offset, std::uint64_t value, std::uint8_t width = 4) {
    IoBus::Target target;
    return mmio.write(reader, bar + offset, width, value, target);
  }

  // --- Life: as a driver brings its card up.
  void bring_up(std::uint32_t rctl = kRctlEn | kRctlBam, std::uint32_t tctl = kTctlEn) {
    write(kCtrl, kCtrlSlu);
    memory.fill(GuestAddress(kTxRing), kEntries * 16, std::byte{0});
    memory.fill(GuestAddress(kRxRing), kEntries * 16, std::byte{0});
    for (std::uint32_t i = 0; i < kEntries; ++i)
      set_receive_buffer(i, kRxData + i * kRxRoom);
    write(kTdbal, kTxRing);
    write(kTdlen, kEntries * 16);
    write(kRdbal, kRxRing);
    write(kRdlen, kEntries * 16);
    write(kTctl, tctl);
    write(kRctl, rctl);
    tx_tail = tx_clean = rx_tail = rx_head = 0;
    tx_room = kTxData;
    clock.run();
  }
  void start(const NetCapabilities& capabilities = FakeNetBackend::full_capabilities(),
             std::uint32_t rctl = kRctlEn | kRctlBam) {
    create({.mac = kOwn}, capabilities);
    bring_up(rctl);
  }

  // --- Transmit
  void set_receive_buffer(std::uint32_t index, std::uint64_t address) {
    memory.store(GuestAddress(kRxRing + index * std::uint64_t{16}),
                 ReceiveDescriptor{.address = address,
                                   .length = 0,
                                   .checksum = 0,
                                   .status = 0,
                                   .errors = 0,
                                   .special = 0});
  }
  std::uint64_t place(std::string_view bytes) {
    const std::uint64_t at = tx_room;
    memory.write(GuestAddress(at), std::as_bytes(std::span(bytes)));
    tx_room += bytes.size() + 16;
    if (tx_room > kRxData - 0x20'0000) tx_room = kTxData;
    return at;
  }
  void offer(const TransmitDescriptor& descriptor) {
    memory.store(GuestAddress(kTxRing + tx_tail * std::uint64_t{16}), descriptor);
    tx_tail = (tx_tail + 1) % kEntries;
  }
  void offer_legacy(std::string_view bytes, std::uint32_t command = kTxEop | kTxRs,
                    std::uint8_t css = 0, std::uint8_t cso = 0, std::uint16_t special = 0) {
    offer({.first = place(bytes),
           .lower = static_cast<std::uint32_t>(bytes.size()) | command |
                    std::uint32_t{cso} << kTxLegacyCsoShift,
           .status = 0,
           .upper = css,
           .special = special});
  }
  void offer_data(std::string_view bytes, std::uint32_t command = kTxEop | kTxRs,
                  std::uint8_t popts = 0, std::uint16_t special = 0) {
    offer({.first = place(bytes),
           .lower = static_cast<std::uint32_t>(bytes.size()) | kTxTypeData << kTxTypeShift |
                    kTxDext | command,
           .status = 0,
           .upper = popts,
           .special = special});
  }
  // As Linux fills it in.
  void offer_context(const Shape& shape, std::uint16_t mss, std::size_t payload,
                     std::uint32_t command = kTxTse) {
    const auto ip_last = static_cast<std::uint64_t>(shape.is_ipv6 ? 0 : shape.layer4() - 1);
    offer({.first = shape.ip() | (kEth + 10) << 8 | ip_last << 16 |
                    std::uint64_t{shape.layer4()} << 32 | std::uint64_t{shape.sum_field()} << 40,
           .lower = static_cast<std::uint32_t>(payload) | kTxDext | command |
                    (shape.is_tcp ? kTxContextTcp : 0) | (shape.is_ipv6 ? 0 : kTxContextIp),
           .status = 0,
           .upper = static_cast<std::uint8_t>(shape.header()),
           .special = mss});
  }
  void ring_transmit() {
    write(kTdt, tx_tail);
    clock.run();
  }
  TransmitDescriptor transmit_descriptor(std::uint32_t index) {
    return *memory.load<TransmitDescriptor>(GuestAddress(kTxRing + index * std::uint64_t{16}));
  }
  bool is_done(std::uint32_t index) { return (transmit_descriptor(index).status & kTxDd) != 0; }

  // --- Receive
  void give(std::uint32_t count) {
    rx_tail = (rx_tail + count) % kEntries;
    write(kRdt, rx_tail);
    clock.run();
  }
  void arrive(std::string_view frame, const NetFrameHeader& header = {}) {
    wire->arrive(frame, header);
    clock.run();
  }
  // The next frame, out of as many buffers as it has.
  std::optional<Received> take() {
    Received received;
    for (std::uint32_t index = rx_head;; index = (index + 1) % kEntries) {
      const auto descriptor =
          *memory.load<ReceiveDescriptor>(GuestAddress(kRxRing + index * std::uint64_t{16}));
      if ((descriptor.status & kRxDd) == 0) return std::nullopt;
      std::string piece(descriptor.length, '\0');
      memory.read(GuestAddress(descriptor.address), std::as_writable_bytes(std::span(piece)));
      received.frame += piece;
      ++received.pieces;
      set_receive_buffer(index, descriptor.address);
      if ((descriptor.status & kRxEop) == 0) continue;
      received.last = descriptor;
      rx_head = (index + 1) % kEntries;
      return received;
    }
  }

  const GuestMemory memory{std::array{Range{0, kRam}}, {.huge_pages = HugePages::off}};
  FakeClock clock;
  FakeIrqSink irq;
  IoBus ports{"port", Range{0, 0x10000}};
  IoBus mmio{"MMIO", Range{0, 1ULL << 46}};
  IoBus::Reader reader{mmio};
  PciBus bus{ports,
             mmio,
             {.io = {0xc000, 0x1000},
              .mmio32 = {0xe000'0000, 0x1000'0000},
              .mmio64 = {0x80'0000'0000, 0x1'0000'0000}},
             std::array{PciIntxRoute{16, &irq}}};
  FakeNetBackend* wire = nullptr;
  std::uint64_t bar = 0;
  std::uint32_t tx_tail = 0;
  std::uint32_t tx_clean = 0;
  std::uint32_t rx_tail = 0;
  std::uint32_t rx_head = 0;
  std::uint64_t tx_room = kTxData;
  std::unique_ptr<E1000Controller> card;  // goes first
};

}  // namespace skiff::e1000_test
