// A channel's data: DRQ blocks through the data register, regions of a PRD table, and the jobs that
// both become.
#include <algorithm>
#include <cstring>

#include "devices/ide/ide_channel.h"
#include "vmm/base/bytes.h"

namespace skiff {
namespace {

constexpr std::uint32_t bytes_of(std::uint32_t sectors) {
  return sectors * ata::kSectorSize;
}

}  // namespace

void IdeChannel::begin(const AtaPlan& plan) {
  transfer_ = {.action = plan.action,
               .drive = selected_,
               .lba = plan.range.lba,
               .sectors = plan.range.sectors,
               .block = plan.block,
               .ext = plan.ext,
               .fua = plan.fua};
  IdeDrive& ata = *transferring().ata;
  switch (plan.action) {
    case AtaAction::answer:
      answer(plan.answer);
      return offer_block(true);
    case AtaAction::answer_dma:
      answer(plan.answer);
      ata.request_data(0);
      return go_on_dma();
    case AtaAction::packet:
      transfer_.filled = plan.block;
      return offer_block(false);
    case AtaAction::pio_in:
    case AtaAction::verify:
      return buffer_job(DiskOperation::read);
    case AtaAction::pio_out:
      return expect_chunk(false);
    case AtaAction::dma_in:
    case AtaAction::dma_out:
    case AtaAction::trim:
      ata.request_data(0);
      return go_on_dma();
    case AtaAction::flush:
      return start_job({.operation = DiskOperation::flush});
    case AtaAction::none:
    case AtaAction::diagnostic:
      break;
  }
  transfer_ = {};
}

void IdeChannel::finish() {
  transferring().ata->complete();
  transfer_ = {};
}

// --- Jobs -------------------------------------------------------------------------------------

void IdeChannel::start_job(const AtaJob& job) {
  Drive& drive = transferring();
  drive.ata->busy();
  in_flight_ = true;
  next_act_ = {.media = drive.media, .job = job};
}

// As much of the transfer as the buffer holds.
void IdeChannel::buffer_job(DiskOperation operation) {
  transfer_.job_sectors = std::min(transfer_.sectors, kBufferSectors);
  regions_[0] = {buffer_.get(), bytes_of(transfer_.job_sectors)};
  start_job({.operation = operation,
             .force_unit_access = transfer_.fua,
             .offset = transfer_.lba * ata::kSectorSize,
             .length = bytes_of(transfer_.job_sectors),
             .buffers = std::span(regions_).first(1)});
}

void IdeChannel::on_job_done(int error) noexcept {
  Act todo;
  {
    MutexLock lock(mutex_);
    in_flight_ = false;
    if (is_closing_) return;
    if ((control_ & ata::kSrst) != 0) {
      transfer_ = {};  // the drives come back when SRST is released
    } else if (reset_pending_ != Reset::none) {
      reset_drives();
    } else {
      job_done(error);
    }
    todo = settle();
  }
  act(todo);
}

void IdeChannel::job_done(int error) {
  IdeDrive& ata = *transferring().ata;
  if (error != 0) {
    const bool is_read = transfer_.action == AtaAction::pio_in ||
                         transfer_.action == AtaAction::dma_in ||
                         transfer_.action == AtaAction::verify;
    const Transfer failed = transfer_;
    transfer_ = {};
    if (is_read) return ata.fail_at(failed.lba, failed.ext, ata::kUnc);
    if (failed.action == AtaAction::flush) return ata.fail(ata::kAbrt, ata::kDf);
    return ata.fail_at(failed.lba, failed.ext, ata::kAbrt, ata::kDf);
  }
  transfer_.lba += transfer_.job_sectors;
  transfer_.sectors -= transfer_.job_sectors;
  switch (transfer_.action) {
    case AtaAction::pio_in:
      transfer_.filled = bytes_of(transfer_.job_sectors);
      transfer_.position = 0;
      return offer_block(true);
    case AtaAction::pio_out:
      return transfer_.sectors == 0 ? finish() : expect_chunk(true);
    case AtaAction::verify:
      return transfer_.sectors == 0 ? finish() : buffer_job(DiskOperation::read);
    case AtaAction::dma_in:
    case AtaAction::dma_out:
      // Bus Master IDE 1.0, 2.2: Active stays where the regions hold more than the drive gave.
      if (bus_master_.state().walker.is_at_end()) bus_master_.finish();
      if (transfer_.sectors == 0) return finish();
      ata.request_data(0);
      return go_on_dma();
    case AtaAction::trim:
      return discard_next();
    case AtaAction::flush:
    case AtaAction::none:
    case AtaAction::answer:
    case AtaAction::answer_dma:
    case AtaAction::packet:
    case AtaAction::diagnostic:
      return finish();
  }
}

// --- PIO --------------------------------------------------------------------------------------

bool IdeChannel::moves_data(AtaAction action) const {
  return transfer_.action == action && transfer_.drive == selected_ && !in_flight_ &&
         !is_in_reset() && transfer_.position < transfer_.block_end;
}

void IdeChannel::offer_block(bool interrupt) {
  transfer_.block_end = std::min(transfer_.position + transfer_.block, transfer_.filled);
  IdeDrive& ata = *transferring().ata;
  ata.request_data(transfer_.block_end - transfer_.position);
  if (interrupt) ata.state().interrupt = true;
}

void IdeChannel::answer(std::span<const std::byte> bytes) {
  std::ranges::copy(bytes, buffer_.get());
  transfer_.filled = static_cast<std::uint32_t>(bytes.size());
}

// The next DRQ blocks from the host, up to a whole buffer.
void IdeChannel::expect_chunk(bool interrupt) {
  transfer_.filled = bytes_of(std::min(transfer_.sectors, kBufferSectors));
  transfer_.position = 0;
  offer_block(interrupt);
}

// Without DRQ the bus floats.
void IdeChannel::take_data(std::span<std::byte> out) {
  while (!out.empty() && (moves_data(AtaAction::pio_in) || moves_data(AtaAction::answer))) {
    const std::size_t count =
        std::min<std::size_t>(out.size(), transfer_.block_end - transfer_.position);
    std::memcpy(out.data(), buffer_.get() + transfer_.position, count);
    out = out.subspan(count);
    transfer_.position += static_cast<std::uint32_t>(count);
    if (transfer_.position == transfer_.block_end) end_in_block();
  }
  std::ranges::fill(out, std::byte{0xff});
}

void IdeChannel::end_in_block() {
  if (transfer_.position < transfer_.filled) return offer_block(true);
  if (transfer_.action == AtaAction::pio_in && transfer_.sectors != 0) {
    return buffer_job(DiskOperation::read);
  }
  if (transferring().ata->has_status_phase()) return finish();
  transferring().ata->ready();  // 9.5: no interrupt after the last block
  transfer_ = {};
}

void IdeChannel::give_data(std::span<const std::byte> in) {
  while (!in.empty() && (moves_data(AtaAction::pio_out) || moves_data(AtaAction::packet))) {
    const std::size_t count =
        std::min<std::size_t>(in.size(), transfer_.block_end - transfer_.position);
    std::memcpy(buffer_.get() + transfer_.position, in.data(), count);
    in = in.subspan(count);
    transfer_.position += static_cast<std::uint32_t>(count);
    if (transfer_.position == transfer_.block_end) end_out_block();
  }
}

void IdeChannel::end_out_block() {
  if (transfer_.position < transfer_.filled) return offer_block(true);
  if (transfer_.action != AtaAction::packet) return buffer_job(DiskOperation::write);
  const std::span<const std::byte> packet(buffer_.get(), transfer_.filled);
  IdeDrive& ata = *transferring().ata;
  transfer_ = {};
  const AtaPlan plan = ata.execute_packet(packet);
  if (plan.action != AtaAction::none) begin(plan);
}

// --- DMA --------------------------------------------------------------------------------------

bool IdeChannel::is_dma() const {
  return transfer_.action == AtaAction::dma_in || transfer_.action == AtaAction::dma_out ||
         transfer_.action == AtaAction::answer_dma ||
         (transfer_.action == AtaAction::trim && transfer_.filled == 0);
}

// Both sides must want it: a drive that requests data, and an engine that runs.
void IdeChannel::go_on_dma() {
  if (!is_dma() || in_flight_ || is_in_reset() || is_closing_ || stop_wanted_ ||
      transfer_.drive != selected_ || !bus_master_.is_active()) {
    return;
  }
  const bool is_answer = transfer_.action == AtaAction::answer_dma;
  const bool to_memory = transfer_.action == AtaAction::dma_in || is_answer;
  if (bus_master_.writes_memory() != to_memory || !may_master_()) return bus_master_.fail();
  const auto gathered =
      is_answer
          ? bus_master_.gather(memory_, transfer_.filled - transfer_.position, 1, regions_)
          : bus_master_.gather(memory_, bytes_of(transfer_.sectors), ata::kSectorSize, regions_);
  if (gathered.bytes == 0) return;  // the drive waits; no interrupt tells the host (2.2)
  if (is_answer) return answer_by_dma(gathered);
  if (transfer_.action == AtaAction::trim) return take_trim_ranges(gathered);
  transfer_.job_sectors = static_cast<std::uint32_t>(gathered.bytes / ata::kSectorSize);
  start_job({.operation = to_memory ? DiskOperation::read : DiskOperation::write,
             .force_unit_access = transfer_.fua,
             .offset = transfer_.lba * ata::kSectorSize,
             .length = gathered.bytes,
             .buffers = std::span(regions_).first(gathered.buffers)});
}

void IdeChannel::answer_by_dma(const BusMaster::Gathered& gathered) {
  for (const iovec& region : std::span(regions_).first(gathered.buffers)) {
    std::memcpy(region.iov_base, buffer_.get() + transfer_.position, region.iov_len);
    transfer_.position += static_cast<std::uint32_t>(region.iov_len);
  }
  if (bus_master_.state().walker.is_at_end()) bus_master_.finish();
  if (transfer_.position == transfer_.filled) finish();
}

// All blocks at once, or none: they fit the buffer.
void IdeChannel::take_trim_ranges(const BusMaster::Gathered& gathered) {
  if (bus_master_.state().walker.is_at_end()) bus_master_.finish();
  if (gathered.bytes != bytes_of(transfer_.sectors)) return bus_master_.fail();
  std::size_t at = 0;
  for (const iovec& region : std::span(regions_).first(gathered.buffers)) {
    std::memcpy(buffer_.get() + at, region.iov_base, region.iov_len);
    at += region.iov_len;
  }
  transfer_.filled = static_cast<std::uint32_t>(at);
  transfer_.sectors = 0;
  discard_next();
}

void IdeChannel::discard_next() {
  Drive& drive = transferring();
  const std::span<const std::byte> ranges(buffer_.get(), transfer_.filled);
  while (transfer_.position < transfer_.filled) {
    const std::uint64_t entry = load_le<std::uint64_t>(ranges, transfer_.position).value_or(0);
    transfer_.position += ata::kTrimEntrySize;
    const std::uint64_t lba = entry & ((1ULL << 48) - 1);
    const std::uint64_t sectors = entry >> 48;
    if (sectors == 0) continue;
    const std::uint64_t size = drive.ata->sectors();
    if (lba >= size || sectors > size - lba) {
      transfer_ = {};
      return drive.ata->fail_at(lba, true, ata::kIdnf);
    }
    transfer_.job_sectors = 0;
    return start_job({.operation = DiskOperation::discard,
                      .offset = lba * ata::kSectorSize,
                      .length = sectors * ata::kSectorSize});
  }
  finish();
}

}  // namespace skiff
