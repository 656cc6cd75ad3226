// The card's registers, but for interrupts, statistics, heads and tails: what they hold, and what a
// write asks for beside that.
//
// Plain data, total functions; guarded by its owner.
// Source: manual, 13.4, 13.5; what a reset does: 14.6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "devices/e1000/e1000_eeprom.h"
#include "devices/e1000/e1000_filter.h"
#include "devices/e1000/e1000_phy.h"
#include "vmm/net/mac_address.h"

namespace skiff {

// What the service works by: a copy, taken whole.
struct E1000Config {
  bool link = false;
  bool strips_tags = false;  // CTRL.VME, and puts them in
  std::uint32_t tctl = 0;
  std::uint32_t rxcsum = 0;
  std::uint64_t receive_ring = 0;  // guest-physical
  std::uint64_t transmit_ring = 0;
  std::uint32_t receive_length = 0;  // of the ring [bytes]
  std::uint32_t transmit_length = 0;
  std::uint32_t rdtr = 0;  // in units of kDelayUnit
  std::uint32_t radv = 0;
  std::uint32_t tidv = 0;
  std::uint32_t tadv = 0;
  std::uint32_t rsrpd = 0;  // [bytes]
  E1000Filter filter;       // with RCTL
  // How often each direction was disabled, for a service that did not look in between.
  std::uint32_t transmit_stops = 0;
  std::uint32_t receive_stops = 0;

  bool receives() const { return (filter.rctl & e1000::kRctlEn) != 0; }
  bool transmits() const { return (tctl & e1000::kTctlEn) != 0; }
};

class E1000Registers {
 public:
  // What a write asks its owner for.
  struct Effect {
    bool known = true;        // there is such a register
    bool configures = false;  // the service's settings have changed
    bool wakes = false;       // ... and it has to look now
    bool stops = false;       // the write is over when the service is quiet
    bool resets = false;
    bool link_changed = false;
    std::uint32_t causes = 0;  // of an interrupt
  };

  E1000Registers(const MacAddress& mac, bool cable);

  // Nothing but 0 where there is no register.
  std::uint32_t read(std::uint32_t offset);
  Effect write(std::uint32_t offset, std::uint32_t value);
  // As CTRL.RST leaves it; the PHY and the EEPROM's words stay.
  void reset();
  // True where the link has changed.
  bool set_cable(bool in);
  bool link() const;
  void fill(E1000Config& config) const;

  static std::string_view name(std::uint32_t offset);
  // Of a table's entry its first, of another register itself.
  static std::uint32_t first_of_table(std::uint32_t offset);

 private:
  static constexpr std::size_t kPlain = 33;
  struct Plain;
  static const std::array<Plain, kPlain> kTable;
  static const Plain* find(std::uint32_t offset);

  std::uint32_t value(std::uint32_t offset) const;
  std::uint32_t* table_word(std::uint32_t offset);
  std::uint32_t status() const;
  Effect write_ctrl(std::uint32_t value);
  Effect write_mdic(std::uint32_t value);
  Effect write_plain(const Plain& plain, std::uint32_t value);

  std::array<std::uint32_t, kPlain> plain_{};  // as kTable
  std::uint32_t transmit_stops_ = 0;
  std::uint32_t receive_stops_ = 0;
  std::uint32_t ctrl_ = 0;
  std::uint32_t mdic_ = 0;
  E1000Filter tables_;  // its tables alone
  E1000Eeprom eeprom_;
  E1000Phy phy_;
};

}  // namespace skiff
