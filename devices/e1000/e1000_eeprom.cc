#include "devices/e1000/e1000_eeprom.h"

#include "devices/e1000/e1000_ids.h"
#include "devices/e1000/e1000_regs.h"

namespace skiff {
namespace {

using namespace e1000;

// 5.6: the words that say something here; the others are 0.
constexpr std::size_t kWordInit1 = 0x0a;
constexpr std::uint16_t kInit1 = 0x4408;  // signature 01b; the identifiers are loaded
constexpr std::size_t kWordSubsystem = 0x0b;
constexpr std::size_t kWordSubsystemVendor = 0x0c;
constexpr std::size_t kWordDevice = 0x0d;
constexpr std::size_t kWordVendor = 0x0e;
constexpr std::size_t kWordInit2 = 0x0f;
constexpr std::uint16_t kInit2 = 0x3000;  // PAUSE and ASM_DIR are told to the link's other end
constexpr std::size_t kWordChecksum = 0x3f;

constexpr std::uint32_t kReadCommand = 0b110;  // start bit, and the operation

}  // namespace

E1000Eeprom::E1000Eeprom(const MacAddress& mac) {
  for (std::size_t i = 0; i < mac.bytes.size(); i += 2)
    words_[i / 2] = static_cast<std::uint16_t>(mac.bytes[i] | mac.bytes[i + 1] << 8);
  words_[kWordInit1] = kInit1;
  words_[kWordSubsystem] = kE1000Subsystem;
  words_[kWordSubsystemVendor] = kE1000Vendor;
  words_[kWordDevice] = kE1000Device;
  words_[kWordVendor] = kE1000Vendor;
  words_[kWordInit2] = kInit2;
  std::uint32_t sum = 0;
  for (const std::uint16_t word : words_)
    sum += word;
  words_[kWordChecksum] = static_cast<std::uint16_t>(kSum - sum);
}

MacAddress E1000Eeprom::mac() const {
  MacAddress mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i)
    mac.bytes[i] = static_cast<std::uint8_t>(words_[i / 2] >> (i % 2 * 8));
  return mac;
}

void E1000Eeprom::reset() {
  eecd_ = 0;
  eerd_ = 0;
  shifted_bits_ = 0;
  reads_ = false;
  out_bit_ = true;
}

std::uint32_t E1000Eeprom::read_eecd() const {
  std::uint32_t value = eecd_ | kEecdPres;
  // Nobody else wants the pins.
  if ((eecd_ & kEecdReq) != 0) value |= kEecdGnt;
  if (out_bit_) value |= kEecdDo;
  return value;
}

void E1000Eeprom::write_eecd(std::uint32_t value) {
  const std::uint32_t before = eecd_;
  eecd_ = value & (kEecdSk | kEecdCs | kEecdDi | kEecdFwe | kEecdReq);
  const bool selected = (eecd_ & kEecdCs) != 0;
  if (!selected || (before & kEecdCs) == 0) {
    shifted_ = 0;
    shifted_bits_ = 0;
    reads_ = false;
    out_bit_ = true;
  }
  const bool rises = (eecd_ & kEecdSk) != 0 && (before & kEecdSk) == 0;
  if (selected && rises) clock_in((eecd_ & kEecdDi) != 0);
}

void E1000Eeprom::clock_in(bool bit) {
  if (reads_) {
    // Behind a word comes the next one.
    if (shifted_bits_ == kDataBits) {
      shifted_ = (shifted_ + 1) % kWords;
      shifted_bits_ = 0;
      out_ = word(shifted_);
    }
    out_bit_ = (out_ >> (kDataBits - 1 - shifted_bits_) & 1) != 0;
    ++shifted_bits_;
    return;
  }
  if (shifted_bits_ == 0 && !bit) return;
  if (shifted_bits_ == kCommandBits) return;  // a command without effect
  shifted_ = shifted_ << 1 | (bit ? 1U : 0U);
  if (++shifted_bits_ != kCommandBits || shifted_ / kWords != kReadCommand) return;
  reads_ = true;
  shifted_ %= kWords;
  shifted_bits_ = 0;
  out_ = word(shifted_);
  out_bit_ = false;  // the dummy bit in front
}

void E1000Eeprom::write_eerd(std::uint32_t value) {
  if ((value & kEerdStart) == 0) {
    eerd_ = value & ~kEerdDone;
    return;
  }
  const std::uint32_t address = value >> kEerdAddressShift & 0xff;
  const std::uint32_t data = address < kWords ? words_[address] : 0;
  eerd_ = address << kEerdAddressShift | data << kEerdDataShift | kEerdDone;
}

}  // namespace skiff
