// The 8259 pair and the 8254 of a PC whose interrupt controllers live in Skiff: the devices, their
// ports, and INTR of the boot processor, which the pair drives.
//
// Thread rule: created and destroyed while no vCPU runs; see the devices.
#pragma once

#include <cstdint>
#include <optional>

#include "devices/intc/pic_pair.h"
#include "devices/timer/pit_8254.h"
#include "vmm/board/board.h"
#include "vmm/board/x86_64/intr_wire.h"
#include "vmm/io/irq_line.h"

namespace skiff {

class SkiffPic {
 public:
  SkiffPic() = default;
  SkiffPic(const SkiffPic&) = delete;
  SkiffPic& operator=(const SkiffPic&) = delete;

  PicPair& pair() { return pic_; }
  const PicPair& pair() const { return pic_; }
  IntrWire& intr() { return intr_; }
  // The pair's ports, and with machine.pit the timer's, whose counter 0 drives `irq0`.
  void add_to(const BoardContext& context, IrqSink& irq0);
  // Marks the line in ELCR, as firmware does.
  void wire_as_level(std::uint32_t irq);

 private:
  IntrWire intr_{pic_};  // first: the pair lowers it when it is destroyed
  PicPair pic_{"pic", &intr_};
  std::optional<Pit8254> pit_;
  std::uint16_t level_lines_ = 0;
};

}  // namespace skiff
