// Encodings of AML terms and resource descriptors, against the bytes of the specification.
#include "vmm/boot/x86_64/acpi/aml.h"

#include <gtest/gtest.h>

#include "vmm/boot/x86_64/acpi/aml_resources.h"

namespace skiff {
namespace {

using namespace std::string_literals;

TEST(Aml, IntegersTakeTheFewestBytes) {
  EXPECT_EQ(aml::integer(0).bytes, "\x00"s);
  EXPECT_EQ(aml::integer(1).bytes, "\x01"s);
  EXPECT_EQ(aml::integer(2).bytes, "\x0a\x02"s);
  EXPECT_EQ(aml::integer(0x100).bytes, "\x0b\x00\x01"s);
  EXPECT_EQ(aml::integer(0x10000).bytes, "\x0c\x00\x00\x01\x00"s);
  EXPECT_EQ(aml::integer(0x1'0000'0000).bytes, "\x0e\0\0\0\0\1\0\0\0"s);
}

TEST(Aml, PathsArePaddedAndPrefixed) {
  EXPECT_EQ(aml::ref("COM1").bytes, "COM1");
  EXPECT_EQ(aml::ref("\\_SB").bytes, "\\_SB_");
  EXPECT_EQ(aml::ref("^A.B").bytes, "^\x2e"s + "A___B___");
  EXPECT_EQ(aml::ref("\\_SB.PCI0.X").bytes, "\\\x2f\x03_SB_PCI0X___");
}

TEST(Aml, EisaIdsAreCompressed) {
  EXPECT_EQ(aml::eisa_id("PNP0A03").bytes, "\x0c\x41\xd0\x0a\x03"s);
  EXPECT_EQ(aml::eisa_id("PNP0501").bytes, "\x0c\x41\xd0\x05\x01"s);
}

TEST(Aml, PackageLengthsGrowWithTheBody) {
  const auto head = [](std::size_t body) {
    // A scope's body is its five-byte name and the content.
    return aml::scope("\\_SB", {{std::string(body - 5, 'x')}}).bytes.substr(1, 4);
  };
  EXPECT_EQ(head(62)[0], 63);
  EXPECT_EQ(head(63).substr(0, 2), "\x41\x04"s);  // 65 bytes: the length byte count is in it
  EXPECT_EQ(head(4093).substr(0, 2), "\x4f\xff"s);
  EXPECT_EQ(head(4094).substr(0, 3), "\x81\x00\x01"s);
  EXPECT_EQ(head(0x10'0000 - 3 - 1).substr(0, 3), "\x8f\xff\xff"s);
  EXPECT_EQ(head(0x10'0000 - 3), "\xc1\x00\x00\x01"s);
}

TEST(Aml, StructuresNest) {
  EXPECT_EQ(aml::name("_UID", aml::integer(7)).bytes, "\x08_UID\x0a\x07");
  EXPECT_EQ(aml::device("A", {aml::name("B", aml::string("x"))}).bytes,
            "\x5b\x82\x0d"s + "A___" + "\x08" + "B___" + "\x0dx\0"s);
  EXPECT_EQ(aml::package({aml::integer(5), aml::integer(0)}).bytes, "\x12\x05\x02\x0a\x05\x00"s);
  EXPECT_EQ(aml::buffer("ab").bytes, "\x11\x05\x0a\x02"s + "ab");
  EXPECT_EQ(aml::method("M", 2, true, {aml::return_value(aml::arg(1))}).bytes,
            "\x14\x08"s + "M___" + "\x0a\xa4\x69");
}

std::string descriptor(const aml::Term& term) {
  return term.bytes;
}

TEST(AmlResources, Ports) {
  EXPECT_EQ(descriptor(aml::io_ports({0x3f8, 8})), "\x47\x01\xf8\x03\xf8\x03\x01\x08"s);
  EXPECT_EQ(descriptor(aml::io_ports({0x4000, 0x800})),
            "\x88\x0d\0\x01\x0d\x03\0\0\0\x40\xff\x47\0\0\0\x08"s);
}

TEST(AmlResources, Interrupts) {
  EXPECT_EQ(descriptor(aml::interrupt({.number = 4})), "\x23\x10\0\x01"s);
  EXPECT_EQ(descriptor(aml::interrupt({.number = 10,
                                       .trigger = IrqTrigger::level,
                                       .polarity = IrqPolarity::active_low,
                                       .shared = true})),
            "\x23\0\x04\x18"s);
  EXPECT_EQ(descriptor(aml::interrupt(
                {.number = 5, .trigger = IrqTrigger::level, .polarity = IrqPolarity::active_high})),
            "\x89\x06\0\x01\x01\x05\0\0\0"s);
  EXPECT_EQ(descriptor(aml::interrupt({.number = 16})), "\x89\x06\0\x03\x01\x10\0\0\0"s);
}

TEST(AmlResources, Memory) {
  EXPECT_EQ(descriptor(aml::memory({0xfeb0'0000, 0x1000})),
            "\x86\x09\0\x01\0\0\xb0\xfe\0\x10\0\0"s);
  const std::string high = descriptor(aml::memory({0x100'0000'0000, 0x1000}));
  EXPECT_EQ(high.size(), 3U + 43);
  EXPECT_EQ(high.substr(0, 6), "\x8a\x2b\0\0\x0d\x01"s);
}

TEST(AmlResources, TemplateEndsWithItsTag) {
  EXPECT_EQ(aml::resources({aml::bus_window(0, 0)}).bytes,
            "\x11\x15\x0a\x12\x88\x0d\0\x02\x0c\0\0\0\0\0\0\0\0\0\x01\0\x79\0"s);
}

}  // namespace
}  // namespace skiff
