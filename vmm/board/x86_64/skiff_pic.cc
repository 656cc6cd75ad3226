#include "vmm/board/x86_64/skiff_pic.h"

#include "devices/intc/pic_regs.h"
#include "devices/timer/pit_regs.h"
#include "vmm/base/error.h"
#include "vmm/board/x86_64/memory_map.h"

namespace skiff {

void SkiffPic::add_to(const BoardContext& context, IrqSink& irq0) {
  const auto add = [&context](Range range, IoDevice& device, std::uint64_t offset) {
    if (const auto added = context.ports.add(range, device, offset); !added)
      throw ConfigError(added.error());
  };
  add(pc::kPicMaster, pic_, pic::kMaster);
  add(pc::kPicSlave, pic_, pic::kSlave);
  add(pc::kElcr, pic_, pic::kElcr);
  if (!context.config.machine.pit) return;
  pit_.emplace("pit", &irq0, context.clock, context.executor);
  add(pc::kPit, *pit_, 0);
  add(pc::kPortB, *pit_, pit::kPortB);
}

void SkiffPic::wire_as_level(std::uint32_t irq) {
  level_lines_ = static_cast<std::uint16_t>(level_lines_ | 1U << irq);
  pic_.set_level_triggered(level_lines_);
}

}  // namespace skiff
