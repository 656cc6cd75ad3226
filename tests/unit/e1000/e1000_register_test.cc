// Registers, EEPROM, PHY, the I/O BAR, the link, resets.
#include "tests/unit/e1000/e1000_fixture.h"
#include "vmm/base/error.h"

namespace skiff::e1000_test {
namespace {

class E1000Registers_ : public E1000Test {
 protected:
  std::uint32_t mdic(std::uint32_t operation, unsigned index, unsigned value = 0,
                     unsigned phy = 1) {
    write(kMdic,
          operation << kMdicOpShift | phy << kMdicPhyShift | index << kMdicRegisterShift | value);
    return read(kMdic);
  }
  unsigned phy_read(unsigned index) { return mdic(2, index) & 0xffff; }
  void phy_write(unsigned index, unsigned value) { mdic(1, index, value); }
  // Bit by bit, as for a Microwire part.
  bool pin(bool cs, bool sk, bool di) {
    write(kEecd, kEecdReq | (cs ? kEecdCs : 0) | (sk ? kEecdSk : 0) | (di ? kEecdDi : 0));
    return (read(kEecd) & kEecdDo) != 0;
  }
  bool clock_bit(bool di) {
    pin(true, false, di);
    pin(true, true, di);
    return pin(true, false, di);
  }
  void shift(std::uint32_t bits, unsigned count) {
    for (unsigned i = count; i-- != 0;)
      clock_bit((bits >> i & 1) != 0);
  }
  unsigned shift_out() {
    unsigned value = 0;
    for (int i = 0; i < 16; ++i)
      value = value << 1 | (clock_bit(false) ? 1U : 0U);
    return value;
  }
  unsigned microwire(unsigned address) {
    pin(false, false, false);
    shift(0b110 << 6 | address, 9);
    const unsigned value = shift_out();
    pin(false, false, false);
    return value;
  }
  unsigned eerd(unsigned address) {
    write(kEerd, kEerdStart | address << kEerdAddressShift);
    EXPECT_EQ(read(kEerd) & kEerdDone, kEerdDone);
    return read(kEerd) >> kEerdDataShift;
  }
};

TEST_F(E1000Registers_, IsAnIntel82540EM) {
  create();
  EXPECT_EQ(card->config_read(0, 4), 0x100e'8086U);
  EXPECT_EQ(card->config_read(8, 4), 0x0200'0002U);
  EXPECT_EQ(card->bar(0)->size, 0x20000U);
  EXPECT_EQ(card->bar(2)->size, 64U);
  EXPECT_EQ(card->config_read(0x3d, 1), 1U);  // INTA#
}

TEST_F(E1000Registers_, OnlyWholeRegistersAnswer) {
  create();
  EXPECT_EQ(write(kCtrl, 0, 1), IoStatus::bad_width);
  EXPECT_EQ(write(kCtrl, 0, 8), IoStatus::bad_width);
  EXPECT_EQ(write(kCtrl + 2, 0), IoStatus::misaligned);
  EXPECT_EQ(write(0x1fffc, 0), IoStatus::no_such_register);
  EXPECT_EQ(read(0x1fffc), 0U);
  EXPECT_EQ(read(kStatus, 2), 0xffffU);
}

TEST_F(E1000Registers_, TheEepromSumsUpAndHasTheAddress) {
  create();
  std::uint32_t sum = 0;
  for (unsigned i = 0; i < 64; ++i)
    sum += eerd(i);
  EXPECT_EQ(sum & 0xffff, 0xbabaU);
  EXPECT_EQ(eerd(0), 0x5452U);
  EXPECT_EQ(eerd(1), 0x1200U);
  EXPECT_EQ(eerd(2), 0x5634U);
  EXPECT_EQ(eerd(0x0d), 0x100eU);
  EXPECT_EQ(eerd(64), 0U);
}

TEST_F(E1000Registers_, TheEepromIsAMicrowirePart) {
  create();
  EXPECT_EQ(read(kEecd) & kEecdPres, kEecdPres);
  EXPECT_EQ(read(kEecd) & kEecdGnt, 0U);
  write(kEecd, kEecdReq);
  EXPECT_EQ(read(kEecd) & kEecdGnt, kEecdGnt);
  for (unsigned i = 0; i < 64; ++i)
    EXPECT_EQ(microwire(i), eerd(i)) << i;
  // One word after the other while it stays selected, round the end.
  pin(false, false, false);
  shift(0b110 << 6 | 63, 9);
  EXPECT_EQ(shift_out(), eerd(63));
  EXPECT_EQ(shift_out(), eerd(0));
  // Leading zeros are no start bit; a command that writes changes nothing.
  pin(false, false, false);
  shift(0b000'101'000000, 12);
  shift(0xffff, 16);
  EXPECT_EQ(microwire(0), 0x5452U);
}

TEST_F(E1000Registers_, ThePhyNegotiates) {
  create();
  EXPECT_EQ(phy_read(2), 0x0141U);
  EXPECT_EQ(phy_read(3) & 0xfff0U, 0x0c20U);
  EXPECT_EQ(read(kStatus) & kStatusLu, 0U);  // the MAC has not been told to
  write(kCtrl, kCtrlSlu);
  EXPECT_EQ(read(kStatus) & (kStatusLu | kStatusFd), kStatusLu | kStatusFd);
  EXPECT_EQ(read(kStatus) >> kStatusSpeedShift & 3, 2U);
  phy_read(1);
  EXPECT_EQ(phy_read(1) & 0x24U, 0x24U);  // link, negotiated
  EXPECT_EQ(phy_read(17) & 0xec00U, 0xac00U);
  // Without 1000 Mb/s in the offer it is 100, half duplex if so told.
  phy_write(9, 0);
  phy_write(4, 0x0081);
  phy_write(0, 0x1200);
  EXPECT_EQ(read(kStatus) >> kStatusSpeedShift & 3, 1U);
  EXPECT_EQ(read(kStatus) & kStatusFd, 0U);
  phy_write(0, 0x0100);  // by hand: 10, full duplex
  EXPECT_EQ(read(kStatus) >> kStatusSpeedShift & 3, 0U);
  EXPECT_EQ(read(kStatus) & kStatusFd, kStatusFd);
  phy_write(0, 0x8000);
  EXPECT_EQ(phy_read(0), 0x1140U);
}

TEST_F(E1000Registers_, ALostLinkIsSeenOnceMore) {
  create();
  write(kCtrl, kCtrlSlu);
  phy_read(1);
  card->set_link(false);
  card->set_link(true);
  EXPECT_EQ(phy_read(1) & 4U, 0U);
  EXPECT_EQ(phy_read(1) & 4U, 4U);
  // Powered down, the PHY has none.
  phy_write(0, 0x0800);
  EXPECT_EQ(read(kStatus) & kStatusLu, 0U);
}

TEST_F(E1000Registers_, AnotherPhyAndAnotherOperationAreErrors) {
  create();
  EXPECT_EQ(mdic(2, 2, 0, 3) & (kMdicReady | kMdicError), kMdicReady | kMdicError);
  EXPECT_EQ(mdic(3, 2) & kMdicError, kMdicError);
  EXPECT_EQ(mdic(2, 2) & (kMdicReady | kMdicError), kMdicReady);
  EXPECT_EQ(phy_read(31), 0U);
  // Its interrupt, if it is asked for.
  write(kMdic, 2U << kMdicOpShift | 1U << kMdicPhyShift | kMdicInterrupt);
  EXPECT_EQ(read(kIcr) & kIntMdac, kIntMdac);
}

TEST_F(E1000Registers_, TheLinkIsTheCables) {
  create();
  write(kCtrl, kCtrlSlu);
  read(kIcr);
  EXPECT_TRUE(card->link());
  card->set_link(false);
  EXPECT_FALSE(card->link());
  EXPECT_EQ(read(kStatus) & kStatusLu, 0U);
  EXPECT_EQ(read(kIcr), kIntLsc);
  card->set_link(false);
  EXPECT_EQ(read(kIcr), 0U);
  card->set_link(true);
  EXPECT_EQ(read(kStatus) & kStatusLu, kStatusLu);
  EXPECT_EQ(read(kIcr), kIntLsc);
}

TEST_F(E1000Registers_, TheIoBarReachesTheSameRegisters) {
  create();
  IoBus::Reader own(ports);
  IoBus::Target target;
  const std::uint64_t base = card->wanted_range(2)->start;
  ports.write(own, base, 4, kFcal, target);
  ports.write(own, base + 4, 4, 0x1234'5678, target);
  EXPECT_EQ(read(kFcal), 0x1234'5678U);
  std::uint64_t value = 0;
  ports.read(own, base, 4, value, target);
  EXPECT_EQ(value, kFcal);
  ports.read(own, base + 4, 4, value, target);
  EXPECT_EQ(value, 0x1234'5678U);
  for (const std::uint32_t beyond : {0x20000U, 0xffff'fffcU, 1U}) {
    ports.write(own, base, 4, beyond, target);
    EXPECT_EQ(ports.write(own, base + 4, 4, 0, target), IoStatus::no_such_register);
    ports.read(own, base + 4, 4, value, target);
    EXPECT_EQ(value, 0xffff'ffffU);
  }
  EXPECT_EQ(ports.write(own, base + 8, 4, 0, target), IoStatus::no_such_register);
  EXPECT_EQ(ports.write(own, base, 2, 0, target), IoStatus::bad_width);
}

TEST_F(E1000Registers_, TablesAndSettingsKeepTheirBits) {
  create();
  struct Row {
    std::uint32_t offset;
    std::uint32_t kept;
  };
  for (const Row& row :
       {Row{kTdlen, 0xfff80}, Row{kRdbal, 0xffff'fff0}, Row{kVet, 0xffff},
        Row{kMta + 4 * 127, 0xffff'ffff}, Row{kVfta, 0xffff'ffff},
        Row{kRa + 8 * 15 + 4, 0xffff'ffff}, Row{kFcah, 0xffff}, Row{kRxcsum, 0x7ff}}) {
    write(row.offset, 0xffff'ffff);
    EXPECT_EQ(read(row.offset), row.kept) << std::hex << row.offset;
  }
  write(kManc, 0xffff'ffff);
  EXPECT_EQ(read(kManc), 0U);
  write(kStatus, 0);
  EXPECT_EQ(write(kStatistics, 5), IoStatus::ok);
}

TEST_F(E1000Registers_, AResetLeavesTheFirstAddressAndNothingElse) {
  start();
  write(kRa, 0);
  write(kMta, 5);
  write(kIms, kIntAll);
  write(kCtrl, kCtrlRst);
  EXPECT_EQ(read(kRctl), 0U);
  EXPECT_EQ(read(kTctl), 0U);
  EXPECT_EQ(read(kCtrl), 0U);
  EXPECT_EQ(read(kTdlen), 0U);
  EXPECT_EQ(read(kMta), 0U);
  EXPECT_EQ(read(kIms), 0U);
  EXPECT_EQ(read(kIcr), 0U);
  EXPECT_EQ(read(kRa), 0x1200'5452U);
  EXPECT_EQ(read(kRa + 4), 0x8000'5634U);
  clock.run();
  EXPECT_FALSE(wire->started);
  bring_up();
  offer_legacy(raw_frame(100));
  ring_transmit();
  EXPECT_EQ(wire->sent.size(), 1U);
}

TEST_F(E1000Registers_, RegistersHaveTheirNames) {
  create();
  IoDevice& device = *card->bar(0)->device;
  EXPECT_EQ(device.register_name(kTdt, true), "TDT");
  EXPECT_EQ(device.register_name(kIcr, false), "ICR");
  EXPECT_EQ(device.register_name(kRctl, true), "RCTL");
  EXPECT_EQ(device.register_name(kMta + 4, true), "MTA");
  EXPECT_EQ(device.register_name(kRa + 12, true), "RAH");
  EXPECT_EQ(device.register_name(0x1fffc, true), "");
  // A table is one to the ledger.
  EXPECT_EQ(device.ledger_offset(kMta + 4 * 127), kMta);
  EXPECT_EQ(device.ledger_offset(kVfta + 4 * 127), kVfta);
  EXPECT_EQ(device.ledger_offset(kRa + 8 * 15 + 4), kRa + 4);
  EXPECT_EQ(device.ledger_offset(E1000Statistics::gptc), kStatistics);
  EXPECT_EQ(device.register_name(kStatistics, false), "statistics");
  EXPECT_EQ(device.ledger_offset(kTdt), kTdt);
}

TEST_F(E1000Registers_, AnAddressOfAGroupIsNoCards) {
  EXPECT_THROW(create({.mac = kGroup}), ConfigError);
  EXPECT_THROW(create({.mac = {}}), ConfigError);
}

}  // namespace
}  // namespace skiff::e1000_test
