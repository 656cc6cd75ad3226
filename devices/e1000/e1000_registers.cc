#include "devices/e1000/e1000_registers.h"

#include <algorithm>
#include <cstring>

#include "devices/e1000/e1000_regs.h"

namespace skiff {

using namespace e1000;

// A register that keeps what is written to it.
struct E1000Registers::Plain {
  enum class Use : std::uint8_t { kept, settings, enables };  // the latter: bit 1 is EN

  std::uint32_t offset;
  std::uint32_t writable;
  std::uint32_t initial;
  Use use;
  std::string_view name;
};

// By offset.
const std::array<E1000Registers::Plain, E1000Registers::kPlain> E1000Registers::kTable = {{
    {kCtrlExt, 0x00c0'8ff0, 0, Plain::Use::kept, "CTRL_EXT"},
    {kFcal, 0xffff'ffff, 0, Plain::Use::kept, "FCAL"},
    {kFcah, 0xffff, 0, Plain::Use::kept, "FCAH"},
    {kFct, 0xffff, 0, Plain::Use::kept, "FCT"},
    {kVet, 0xffff, 0x8100, Plain::Use::settings, "VET"},
    {kRctl, 0x06df'b3fe, 0, Plain::Use::enables, "RCTL"},
    {kFcttv, 0xffff, 0, Plain::Use::kept, "FCTTV"},
    {kTxcw, 0xc000'ffff, 0, Plain::Use::kept, "TXCW"},
    {kTctl, 0x03ff'fffa, 0, Plain::Use::enables, "TCTL"},
    {kTipg, 0x3fff'ffff, 0x0060'2008, Plain::Use::kept, "TIPG"},
    {kAifs, 0xffff, 0, Plain::Use::kept, "AIFS"},
    {kLedctl, 0xcfcf'cfcf, 0x0706'8302, Plain::Use::kept, "LEDCTL"},
    {kPba, 0xffff, 0x0010'0030, Plain::Use::kept, "PBA"},
    {kFcrtl, 0x8000'fff8, 0, Plain::Use::kept, "FCRTL"},
    {kFcrth, 0x0000'fff8, 0, Plain::Use::kept, "FCRTH"},
    {kRdbal, 0xffff'fff0, 0, Plain::Use::settings, "RDBAL"},
    {kRdbah, 0xffff'ffff, 0, Plain::Use::settings, "RDBAH"},
    {kRdlen, 0x000f'ff80, 0, Plain::Use::settings, "RDLEN"},
    {kRdtr, 0x0000'ffff, 0, Plain::Use::settings, "RDTR"},
    {kRxdctl, 0x013f'3f3f, 0x0101'0000, Plain::Use::kept, "RXDCTL"},
    {kRadv, 0xffff, 0, Plain::Use::settings, "RADV"},
    {kRsrpd, 0xfff, 0, Plain::Use::settings, "RSRPD"},
    {kTdbal, 0xffff'fff0, 0, Plain::Use::settings, "TDBAL"},
    {kTdbah, 0xffff'ffff, 0, Plain::Use::settings, "TDBAH"},
    {kTdlen, 0x000f'ff80, 0, Plain::Use::settings, "TDLEN"},
    {kTidv, 0xffff, 0, Plain::Use::settings, "TIDV"},
    {kTxdctl, 0xff3f'3f3f, 0, Plain::Use::kept, "TXDCTL"},
    {kTadv, 0xffff, 0, Plain::Use::settings, "TADV"},
    {kTspmt, 0xffff'ffff, 0x0100'0400, Plain::Use::kept, "TSPMT"},
    {kRxcsum, 0x7ff, 0, Plain::Use::settings, "RXCSUM"},
    {kWuc, 0xf, 0, Plain::Use::kept, "WUC"},
    {kWufc, 0xffff, 0, Plain::Use::kept, "WUFC"},
    {kManc, 0x0, 0, Plain::Use::kept, "MANC"},
}};

namespace {

constexpr std::uint32_t kEnable = 1U << 1;
static_assert(kEnable == kRctlEn && kEnable == kTctlEn);
constexpr std::uint32_t kCtrlWritable = 0x58cc'1be9;

constexpr bool is_between(std::uint32_t offset, std::uint32_t first, std::uint32_t words) {
  return offset >= first && offset < first + 4 * words;
}

}  // namespace

const E1000Registers::Plain* E1000Registers::find(std::uint32_t offset) {
  const auto at = std::ranges::lower_bound(kTable, offset, {}, &Plain::offset);
  return at != kTable.end() && at->offset == offset ? &*at : nullptr;
}

E1000Registers::E1000Registers(const MacAddress& mac, bool cable) : eeprom_(mac), phy_(cable) {
  reset();
}

void E1000Registers::reset() {
  for (std::size_t i = 0; i < kPlain; ++i)
    plain_[i] = kTable[i].initial;
  ++transmit_stops_;
  ++receive_stops_;
  ctrl_ = 0;
  mdic_ = 0;
  tables_ = {};
  eeprom_.reset();
  // 5.6.1: the first address comes from the EEPROM.
  std::uint64_t own = 0;
  const MacAddress mac = eeprom_.mac();
  std::memcpy(&own, mac.bytes.data(), mac.bytes.size());
  tables_.addresses[0] = static_cast<std::uint32_t>(own);
  tables_.addresses[1] = static_cast<std::uint32_t>(own >> 32) | kRahAv;
}

std::uint32_t E1000Registers::value(std::uint32_t offset) const {
  const Plain* const plain = find(offset);
  return plain == nullptr ? 0 : plain_[static_cast<std::size_t>(plain - kTable.data())];
}

std::uint32_t* E1000Registers::table_word(std::uint32_t offset) {
  if (is_between(offset, kMta, kMtaWords)) return &tables_.groups[(offset - kMta) / 4];
  if (is_between(offset, kRa, 2 * kRaEntries)) return &tables_.addresses[(offset - kRa) / 4];
  if (is_between(offset, kVfta, kVftaWords)) return &tables_.vlans[(offset - kVfta) / 4];
  return nullptr;
}

bool E1000Registers::link() const {
  return phy_.link() && (ctrl_ & kCtrlSlu) != 0;
}

bool E1000Registers::set_cable(bool in) {
  const bool before = link();
  phy_.set_cable(in);
  return link() != before;
}

std::uint32_t E1000Registers::status() const {
  const std::uint32_t negotiated = static_cast<std::uint32_t>(phy_.speed());
  const std::uint32_t speed =
      (ctrl_ & kCtrlFrcspd) != 0 ? ctrl_ >> kCtrlSpeedShift & 3 : negotiated;
  std::uint32_t value = speed << kStatusSpeedShift | negotiated << kStatusAsdvShift;
  if (phy_.full_duplex()) value |= kStatusFd;
  if (link()) value |= kStatusLu;
  return value;
}

std::uint32_t E1000Registers::read(std::uint32_t offset) {
  switch (offset) {
    case kCtrl:
    case kCtrl + 4:  // a copy of it
      return ctrl_;
    case kStatus:
      return status();
    case kEecd:
      return eeprom_.read_eecd();
    case kEerd:
      return eeprom_.read_eerd();
    case kMdic:
      return mdic_;
    default:
      break;
  }
  if (const std::uint32_t* const word = table_word(offset)) return *word;
  return value(offset);
}

E1000Registers::Effect E1000Registers::write(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case kCtrl:
    case kCtrl + 4:
      return write_ctrl(value);
    case kEecd:
      eeprom_.write_eecd(value);
      return {};
    case kEerd:
      eeprom_.write_eerd(value);
      return {};
    case kMdic:
      return write_mdic(value);
    default:
      break;
  }
  if (std::uint32_t* const word = table_word(offset)) {
    const bool changes = *word != value;
    *word = value;
    return {.configures = changes};
  }
  const Plain* const plain = find(offset);
  if (plain == nullptr) return {.known = false};
  return write_plain(*plain, value);
}

E1000Registers::Effect E1000Registers::write_ctrl(std::uint32_t value) {
  if ((value & kCtrlRst) != 0) {
    const bool before = link();
    reset();
    return {.configures = true,
            .wakes = true,
            .stops = true,
            .resets = true,
            .link_changed = link() != before};
  }
  const bool before = link();
  const std::uint32_t old = ctrl_;
  ctrl_ = value & kCtrlWritable;
  if ((value & kCtrlPhyRst) != 0) phy_.reset();
  const bool changes = link() != before;
  return {.configures = changes || ((old ^ ctrl_) & kCtrlVme) != 0,
          .wakes = changes,
          .link_changed = changes,
          .causes = changes ? kIntLsc : 0};
}

E1000Registers::Effect E1000Registers::write_mdic(std::uint32_t value) {
  const std::uint32_t index = value >> kMdicRegisterShift & 0x1f;
  const bool is_there = (value >> kMdicPhyShift & 0x1f) == E1000Phy::kAddress;
  const std::uint32_t operation = value >> kMdicOpShift & 3;
  const bool before = link();
  // What the driver set, without the answer's bits.
  mdic_ = (value & 0x2fff'0000) | kMdicReady;
  bool negotiates = false;
  if (!is_there || operation == 0 || operation == 3) {
    mdic_ |= kMdicError | (value & 0xffff);
  } else if (operation == 1) {
    mdic_ |= value & 0xffff;
    phy_.write(index, static_cast<std::uint16_t>(value));
    // The link was gone for a moment, if it is there.
    negotiates = index == 0 && (value & 0x8200) != 0 && link();
  } else {
    mdic_ |= phy_.read(index);
  }
  const bool changes = link() != before;
  const bool asks = (value & kMdicInterrupt) != 0;
  return {.configures = changes,
          .wakes = changes,
          .link_changed = changes,
          .causes = (changes || negotiates ? kIntLsc : 0) | (asks ? kIntMdac : 0)};
}

E1000Registers::Effect E1000Registers::write_plain(const Plain& plain, std::uint32_t value) {
  std::uint32_t& kept = plain_[static_cast<std::size_t>(&plain - kTable.data())];
  const std::uint32_t next = (kept & ~plain.writable) | (value & plain.writable);
  const bool changes = next != kept;
  kept = next;
  if (plain.use == Plain::Use::kept) return {};
  const bool enables = plain.use == Plain::Use::enables;
  const bool stops = enables && (next & kEnable) == 0;
  if (stops && changes) ++(plain.offset == kTctl ? transmit_stops_ : receive_stops_);
  return {.configures = changes, .wakes = enables && changes, .stops = stops};
}

void E1000Registers::fill(E1000Config& config) const {
  config.link = link();
  config.strips_tags = (ctrl_ & kCtrlVme) != 0;
  config.tctl = value(kTctl);
  config.rxcsum = value(kRxcsum);
  config.receive_ring = std::uint64_t{value(kRdbah)} << 32 | value(kRdbal);
  config.transmit_ring = std::uint64_t{value(kTdbah)} << 32 | value(kTdbal);
  config.receive_length = value(kRdlen);
  config.transmit_length = value(kTdlen);
  config.rdtr = value(kRdtr);
  config.radv = value(kRadv);
  config.tidv = value(kTidv);
  config.tadv = value(kTadv);
  config.rsrpd = value(kRsrpd);
  config.transmit_stops = transmit_stops_;
  config.receive_stops = receive_stops_;
  config.filter = tables_;
  config.filter.rctl = value(kRctl);
  config.filter.vet = value(kVet);
}

std::uint32_t E1000Registers::first_of_table(std::uint32_t offset) {
  if (is_between(offset, kMta, kMtaWords)) return kMta;
  if (is_between(offset, kVfta, kVftaWords)) return kVfta;
  if (is_between(offset, kRa, 2 * kRaEntries)) return kRa + (offset & 4);
  if (is_between(offset, kStatistics, (kStatisticsEnd - kStatistics) / 4)) return kStatistics;
  return offset;
}

std::string_view E1000Registers::name(std::uint32_t offset) {
  struct Named {
    std::uint32_t offset;
    std::string_view name;
  };
  static constexpr std::array<Named, 16> kNames = {{
      {kCtrl, "CTRL"},
      {kCtrl + 4, "CTRL"},
      {kStatus, "STATUS"},
      {kEecd, "EECD"},
      {kEerd, "EERD"},
      {kMdic, "MDIC"},
      {kIcr, "ICR"},
      {kItr, "ITR"},
      {kIcs, "ICS"},
      {kIms, "IMS"},
      {kImc, "IMC"},
      {kRdh, "RDH"},
      {kRdt, "RDT"},
      {kTdh, "TDH"},
      {kTdt, "TDT"},
      {kIpav, "IPAV"},
  }};
  for (const Named& named : kNames) {
    if (named.offset == offset) return named.name;
  }
  if (const Plain* const plain = find(offset)) return plain->name;
  if (is_between(offset, kStatistics, (kStatisticsEnd - kStatistics) / 4)) return "statistics";
  if (is_between(offset, kMta, kMtaWords)) return "MTA";
  if (is_between(offset, kRa, 2 * kRaEntries)) return (offset & 4) == 0 ? "RAL" : "RAH";
  if (is_between(offset, kVfta, kVftaWords)) return "VFTA";
  return {};
}

}  // namespace skiff
