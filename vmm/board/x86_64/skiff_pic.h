// The 8259 pair and the 8254 of a PC whose interrupt controllers live in Skiff: the devices, their
// ports, and INTR of the boot processor, which the pair drives.
//
// Thread rule: created and destroyed while no vCPU runs; see the devices.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "devices/intc/pic_pair.h"
#include "devices/timer/pit_8254.h"
#include "vmm/base/mutex.h"
#include "vmm/board/board.h"
#include "vmm/io/irq_line.h"
#include "vmm/io/processor_interrupts.h"

namespace skiff {

// A wire from the pair's INT to a vCPU's thread. The level is what the pair drove last; the
// listener is called with the wire's own mutex held (IrqLine's) and this one's, and none of a
// device's state.
class IntrWire final : public IrqSink, public ExternalInterrupt {
 public:
  explicit IntrWire(PicPair& pic) : pic_(pic) {}

  void set_level(bool asserted) noexcept override;
  void set_eoi_handler(std::function<void()> /*handler*/) override {}
  bool asserted() const noexcept override { return level_.load(); }
  std::uint8_t acknowledge() noexcept override { return pic_.acknowledge(); }
  void set_listener(std::function<void()> listener) override;

 private:
  PicPair& pic_;
  std::atomic<bool> level_{false};
  Mutex mutex_;
  std::function<void()> listener_ SKIFF_GUARDED_BY(mutex_);
};

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
