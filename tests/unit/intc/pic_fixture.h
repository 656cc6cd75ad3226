// A pair of 8259s as a PC's firmware sets it up: vectors 0x20 and 0x28, everything unmasked.
#pragma once

#include <gtest/gtest.h>

#include "devices/intc/pic_pair.h"
#include "devices/intc/pic_regs.h"
#include "tests/fakes/fake_irq_sink.h"
#include "tests/fakes/register_access.h"

namespace skiff {

class PicTest : public testing::Test {
 protected:
  static constexpr unsigned kBase = 0x20;

  PicTest() { initialize(); }
  void initialize(std::uint8_t master_icw4 = 0x01, std::uint8_t slave_icw4 = 0x01) {
    for (const std::uint64_t chip : {pic::kMaster, pic::kSlave}) {
      command(chip, 0x11);
      data(chip, static_cast<std::uint8_t>(kBase + (chip == pic::kSlave ? 8 : 0)));
      data(chip, chip == pic::kSlave ? 0x02 : 0x04);
      data(chip, chip == pic::kSlave ? slave_icw4 : master_icw4);
    }
  }
  void command(std::uint64_t chip, std::uint8_t value) { write_register(pair_, chip, value); }
  void data(std::uint64_t chip, std::uint8_t value) { write_register(pair_, chip + 1, value); }
  std::uint64_t read_command(std::uint64_t chip) { return read_register(pair_, chip); }
  std::uint64_t isr(std::uint64_t chip) {
    command(chip, 0x0b);
    const std::uint64_t value = read_command(chip);
    command(chip, 0x0a);
    return value;
  }
  void raise(unsigned irq) { pair_.pin(irq).set_level(true); }
  void lower(unsigned irq) { pair_.pin(irq).set_level(false); }
  void pulse(unsigned irq) {
    raise(irq);
    lower(irq);
  }
  void eoi(std::uint64_t chip = pic::kMaster) { command(chip, 0x20); }
  // The IRQ that the processor takes next; -1 if INT is down.
  int next() { return intr_.level ? pair_.acknowledge() - static_cast<int>(kBase) : -1; }

  FakeIrqSink intr_;
  PicPair pair_{"pic", &intr_};
};

}  // namespace skiff
