// Devices on I/O threads raise their lines while a processor takes and ends interrupts: for the
// thread sanitizer, and for interrupts that must not be lost on the way.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "devices/intc/ioapic.h"
#include "devices/intc/ioapic_regs.h"
#include "devices/intc/pic_pair.h"
#include "devices/intc/pic_regs.h"
#include "tests/fakes/register_access.h"
#include "vmm/io/hw_description.h"

namespace skiff {
namespace {

constexpr int kRounds = 20'000;

class AtomicSink final : public IrqSink {
 public:
  void set_level(bool asserted) noexcept override { level = asserted; }
  void set_eoi_handler(std::function<void()>) override {}
  std::atomic<bool> level{false};
};

// A device raises its line; the processor takes the interrupt, has the device lower it, ends it.
// One on an edge gives a pulse: the shortest there is.
struct Device {
  Device(IrqSink& pin, IrqTrigger how) : trigger(how), line(&pin) {}
  void ask() {
    while (wants.load())
      std::this_thread::yield();
    wants = true;
    if (trigger == IrqTrigger::edge) {
      line.pulse();
    } else {
      line.sync([this] { return wants.load(); });
    }
  }
  bool serve() {
    const bool did = wants.exchange(false);
    if (trigger == IrqTrigger::level) line.sync([this] { return wants.load(); });
    return did;
  }
  const IrqTrigger trigger;
  std::atomic<bool> wants{false};
  IrqLine line;
};

TEST(IntcThreads, TwoDevicesOnThePairLoseNoInterrupt) {
  AtomicSink intr;
  PicPair pair("pic", &intr);
  for (const std::uint64_t chip : {pic::kMaster, pic::kSlave}) {
    for (const std::uint8_t word : std::initializer_list<std::uint8_t>{0x20, 0x04, 0x01}) {
      if (word == 0x20) write_register(pair, chip, 0x11);
      write_register(pair, chip + 1, word == 0x20 && chip == pic::kSlave ? 0x28U : word);
    }
  }
  pair.set_level_triggered(1U << 10);
  Device edge(pair.pin(4), IrqTrigger::edge);
  Device level(pair.pin(10), IrqTrigger::level);
  {
    const std::jthread one([&] {
      for (int i = 0; i < kRounds; ++i)
        edge.ask();
    });
    const std::jthread two([&] {
      for (int i = 0; i < kRounds; ++i)
        level.ask();
    });
    int served = 0;
    while (served < 2 * kRounds) {
      if (!intr.level) {
        std::this_thread::yield();
        continue;
      }
      const unsigned irq = pair.acknowledge() - 0x20U;
      ASSERT_TRUE(irq == 4 || irq == 10) << irq;
      if ((irq == 4 ? edge : level).serve()) ++served;
      if (irq == 10) write_register(pair, pic::kSlave, 0x20);
      write_register(pair, pic::kMaster, 0x20);
    }
  }
  EXPECT_EQ(pair.spurious(), 0U);
}

class Processor final : public IoapicOutput {
 public:
  void send(const MsiMessage& message) noexcept override {
    if ((message.data & 0xff) == 0x41) ++pending;
  }
  void expect_eoi(unsigned, const MsiMessage&) noexcept override {}
  std::atomic<int> pending{0};
};

TEST(IntcThreads, ALevelOnTheIoapicIsNotLostWhileItsEntryIsRewritten) {
  Processor processor;
  Ioapic chip("ioapic", processor);
  const auto write_low = [&chip](std::uint32_t value) {
    write_register(chip, ioapic::kIoRegSel, ioapic::kRedirection + 20, 4);
    write_register(chip, ioapic::kIoWin, value, 4);
  };
  write_low(0x8041);
  Device device(chip.pin(10), IrqTrigger::level);
  std::atomic<bool> done{false};
  {
    const std::jthread asking([&] {
      for (int i = 0; i < kRounds; ++i)
        device.ask();
    });
    const std::jthread masking([&] {
      while (!done) {
        write_low(0x1'8041);
        write_low(0x8041);
      }
    });
    for (int served = 0; served < kRounds;) {
      if (processor.pending == 0) {
        std::this_thread::yield();
        continue;
      }
      --processor.pending;
      if (device.serve()) ++served;
      chip.end_of_interrupt(0x41);
    }
    done = true;
  }
}

}  // namespace
}  // namespace skiff
