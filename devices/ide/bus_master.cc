#include "devices/ide/bus_master.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "devices/ide/bus_master_regs.h"

namespace skiff {

PrdWalker::Look PrdWalker::look(const GuestMemory& memory) {
  if (left_ != 0) return Look::piece;
  if (is_last_) return Look::end;
  if (next_ >= border_) return Look::wrong;
  const auto descriptor = memory.load<std::array<std::uint32_t, 2>>(GuestAddress(next_));
  if (!descriptor) return Look::wrong;
  next_ += ide::kPrdSize;
  address_ = (*descriptor)[0] & ~1U;
  const std::uint32_t count = (*descriptor)[1] & ide::kPrdCountMask;
  left_ = count == 0 ? 0x1'0000 : count;
  is_last_ = ((*descriptor)[1] & ide::kPrdEnd) != 0;
  return Look::piece;
}

void PrdWalker::take(std::uint32_t bytes) {
  assert(bytes <= left_);
  address_ += bytes;
  left_ -= bytes;
}

std::uint8_t BusMaster::read(std::uint64_t offset) const {
  switch (offset) {
    case ide::kBmCommand:
      return state_.command;
    case ide::kBmStatus:
      return state_.status;
    case ide::kBmTable:
    case ide::kBmTable + 1:
    case ide::kBmTable + 2:
    case ide::kBmTable + 3:
      return static_cast<std::uint8_t>(state_.table >> (8 * (offset - ide::kBmTable)));
    default:
      return 0;
  }
}

void BusMaster::write(std::uint64_t offset, std::uint8_t value) {
  if (offset == ide::kBmCommand) {
    const bool was_started = (state_.command & ide::kBmStart) != 0;
    state_.command = value & (ide::kBmStart | ide::kBmToMemory);
    const bool is_started = (value & ide::kBmStart) != 0;
    if (is_started && !was_started) {
      state_.walker = PrdWalker(state_.table);
      state_.status |= ide::kBmActive;
    } else if (!is_started) {
      state_.status &= static_cast<std::uint8_t>(~ide::kBmActive);
    }
  } else if (offset == ide::kBmStatus) {
    const unsigned cleared = value & (ide::kBmError | ide::kBmInterrupt);
    const unsigned kept = state_.status & ~(cleared | ide::kBmDriveCapable);
    state_.status = static_cast<std::uint8_t>(kept | (value & ide::kBmDriveCapable));
  } else if (offset >= ide::kBmTable && offset < ide::kBusMasterSize) {
    const auto shift = static_cast<unsigned>(8 * (offset - ide::kBmTable));
    state_.table = (state_.table & ~(0xffU << shift)) | std::uint32_t{value} << shift;
    state_.table &= ~3U;
  }
}

bool BusMaster::is_active() const {
  return (state_.status & ide::kBmActive) != 0;
}

bool BusMaster::writes_memory() const {
  return (state_.command & ide::kBmToMemory) != 0;
}

void BusMaster::set_interrupt() {
  state_.status |= ide::kBmInterrupt;
}

void BusMaster::finish() {
  state_.status &= static_cast<std::uint8_t>(~ide::kBmActive);
}

void BusMaster::fail() {
  finish();
  state_.status |= ide::kBmError;
}

BusMaster::Gathered BusMaster::gather(const GuestMemory& memory, std::uint64_t bytes,
                                      std::uint32_t granule, std::span<iovec> out) {
  Gathered got;
  PrdWalker& walker = state_.walker;
  PrdWalker whole = walker;         // after the last whole granule
  Gathered whole_got;               // up to there; its last buffer may end earlier:
  std::size_t whole_last_size = 0;  // [bytes]
  PrdWalker::Look look = PrdWalker::Look::piece;
  while (got.bytes < bytes && got.buffers < out.size()) {
    look = walker.look(memory);
    if (look != PrdWalker::Look::piece) break;
    const auto size =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(walker.left(), bytes - got.bytes));
    const auto region = memory.slice(walker.address(), size);
    if (!region) {
      look = PrdWalker::Look::wrong;
      break;
    }
    out[got.buffers++] = {region->data(), size};
    // How much of this piece belongs to whole granules.
    const std::uint64_t after = got.bytes + size;
    const std::uint64_t over = after % granule;
    if (over < size) {
      whole = walker;
      whole.take(static_cast<std::uint32_t>(size - over));
      whole_last_size = size - static_cast<std::size_t>(over);
      whole_got = {got.buffers, after - over};
    }
    got.bytes = after;
    walker.take(size);
  }
  if (whole_got.bytes != 0) {
    out[whole_got.buffers - 1].iov_len = whole_last_size;
    walker = whole;
    return whole_got;
  }
  if (look == PrdWalker::Look::wrong) {
    fail();
  } else {
    finish();
  }
  return {};
}

}  // namespace skiff
