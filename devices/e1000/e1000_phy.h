// The card's copper PHY: auto-negotiation, and the registers that drivers ask about the link.
//
// The link's other end offers everything up to 1000 Mb/s full duplex. Negotiation takes no time:
// it is done when it is asked for, if the cable is in.
//
// Modelled: the IEEE 802.3 registers 0 to 10 and 15, and of the vendor's 16 to 20 what drivers read
// and write. Not modelled: loopback, cable tests, the next page's exchange, interrupts of the PHY.
//
// Plain data, total functions; guarded by its owner.
// Source: manual, 8 (PHY), 13.4.7 (MDIC) and its register tables.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace skiff {

class E1000Phy {
 public:
  static constexpr unsigned kAddress = 1;  // on the management bus
  static constexpr std::size_t kRegisters = 32;
  // As STATUS.SPEED has it.
  enum class Speed : std::uint8_t { mb10, mb100, mb1000 };

  explicit E1000Phy(bool cable) : cable_(cable) { reset(); }

  std::uint16_t read(unsigned index);  // some bits are latched until they are read
  void write(unsigned index, std::uint16_t value);
  void reset();
  void set_cable(bool in);

  bool link() const { return link_; }
  Speed speed() const;
  bool full_duplex() const;

 private:
  void settle();

  std::array<std::uint16_t, kRegisters> registers_{};
  bool cable_;
  bool link_ = false;
  bool was_down_ = false;  // since the status was last read
};

}  // namespace skiff
