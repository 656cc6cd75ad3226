#include "vmm/linux_guest/printk_ring.h"

#include <algorithm>

namespace skiff {
namespace {

constexpr std::size_t kMostLines = 1000;
constexpr std::size_t kMaxRecordText = 1024;  // PRINTKRB_RECORD_MAX
constexpr unsigned kMaxBits = 31;             // of either ring's size
// The two highest bits of the state word (DESC_STATE); the rest is the id.
constexpr unsigned kStateShift = 62;
constexpr std::uint64_t kIdMask = (1ULL << kStateShift) - 1;
constexpr std::uint64_t kCommitted = 1, kFinalized = 2;

struct Ring {
  std::uint32_t count_bits = 0, size_bits = 0;
  std::uint64_t descs = 0, infos = 0, data = 0, head = 0, tail = 0;
};

struct Record {
  std::uint64_t sequence = 0, time_ns = 0;
  unsigned level = 0;
  std::string text;
};

std::optional<Ring> read_ring(const LinearReader& read, std::uint64_t at, const PrintkLayout& l) {
  const auto word = [&read](std::uint64_t address) {
    return read_as<std::uint64_t>(read, address);
  };
  const std::uint64_t desc_ring = at + l.desc_ring, data_ring = at + l.text_data_ring;
  const auto count_bits = read_as<std::uint32_t>(read, desc_ring + l.count_bits);
  const auto size_bits = read_as<std::uint32_t>(read, data_ring + l.size_bits);
  const auto descs = word(desc_ring + l.descs), infos = word(desc_ring + l.infos);
  const auto head = word(desc_ring + l.head_id), tail = word(desc_ring + l.tail_id);
  const auto data = word(data_ring + l.data);
  if (!count_bits || !size_bits || !descs || !infos || !head || !tail || !data) return std::nullopt;
  if (*count_bits > kMaxBits || *size_bits > kMaxBits) return std::nullopt;
  return Ring{.count_bits = *count_bits,
              .size_bits = *size_bits,
              .descs = *descs,
              .infos = *infos,
              .data = *data,
              .head = *head & kIdMask,
              .tail = *tail & kIdMask};
}

// Where a record's text lies: behind the id (8 bytes) that each block begins with. A block that
// would pass the ring's end lies at its start instead. Nothing for a record without text.
struct Text {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};
Text text_of(const Ring& ring, std::uint64_t begin, std::uint64_t next) {
  constexpr std::uint64_t kIdSize = 8;
  if ((begin & 1) != 0 || (next & 1) != 0) return {};  // BLK_DATALESS
  const std::uint64_t size = 1ULL << ring.size_bits;
  const std::uint64_t from = begin & (size - 1), to = next & (size - 1);
  Text text;
  if (begin >> ring.size_bits == next >> ring.size_bits && from < to) {
    text = {ring.data + from, to - from};
  } else if ((begin + size) >> ring.size_bits == next >> ring.size_bits) {
    // Up to the very end of the ring, or wrapped to its start.
    text = to == 0 ? Text{ring.data + from, size - from} : Text{ring.data, to};
  }
  if (text.size <= kIdSize) return {};
  return {text.address + kIdSize, text.size - kIdSize};
}

std::optional<Record> read_record(const LinearReader& read, const Ring& ring, const PrintkLayout& l,
                                  std::uint64_t id) {
  const std::uint64_t slot = id & ((1ULL << ring.count_bits) - 1);
  const std::uint64_t desc = ring.descs + slot * l.desc_size;
  const std::uint64_t info = ring.infos + slot * l.info_size;
  const auto state = read_as<std::uint64_t>(read, desc + l.state_var);
  if (!state || (*state & kIdMask) != id) return std::nullopt;
  if (*state >> kStateShift != kCommitted && *state >> kStateShift != kFinalized)
    return std::nullopt;
  const auto begin = read_as<std::uint64_t>(read, desc + l.begin);
  const auto next = read_as<std::uint64_t>(read, desc + l.next);
  const auto seq = read_as<std::uint64_t>(read, info + l.seq);
  const auto time = read_as<std::uint64_t>(read, info + l.ts_nsec);
  const auto length = read_as<std::uint16_t>(read, info + l.text_len);
  const auto level = read_as<std::uint8_t>(read, info + l.level);
  if (!begin || !next || !seq || !time || !length || !level) return std::nullopt;
  const Text text = text_of(ring, *begin, *next);
  Record record{
      .sequence = *seq, .time_ns = *time, .level = static_cast<unsigned>(*level >> 5), .text = {}};
  record.text.resize(std::min<std::uint64_t>({*length, text.size, kMaxRecordText}));
  if (!read(text.address, std::as_writable_bytes(std::span(record.text)))) return std::nullopt;
  // Taken away by a writer meanwhile?
  if (read_as<std::uint64_t>(read, desc + l.state_var) != state) return std::nullopt;
  return record;
}

void append_lines(std::vector<PrintkLine>& lines, const Record& record) {
  for (std::size_t from = 0; from <= record.text.size();) {
    const std::size_t end = std::min(record.text.find('\n', from), record.text.size());
    PrintkLine line{.sequence = record.sequence,
                    .time_ns = record.time_ns,
                    .level = record.level,
                    .text = record.text.substr(from, end - from)};
    for (char& c : line.text) {
      if (c == '\t') c = ' ';
      if (c < ' ' || c > '~') c = '?';
    }
    lines.push_back(std::move(line));
    from = end + 1;
  }
}

}  // namespace

PrintkLayout PrintkLayout::of(const Vmcoreinfo& info) {
  PrintkLayout layout;
  const auto take = [](std::uint64_t& place, std::optional<std::uint64_t> said) {
    if (said && *said < 4096) place = *said;
  };
  take(layout.desc_ring, info.offset("printk_ringbuffer.desc_ring"));
  take(layout.text_data_ring, info.offset("printk_ringbuffer.text_data_ring"));
  take(layout.count_bits, info.offset("prb_desc_ring.count_bits"));
  take(layout.descs, info.offset("prb_desc_ring.descs"));
  take(layout.infos, info.offset("prb_desc_ring.infos"));
  take(layout.head_id, info.offset("prb_desc_ring.head_id"));
  take(layout.tail_id, info.offset("prb_desc_ring.tail_id"));
  take(layout.size_bits, info.offset("prb_data_ring.size_bits"));
  take(layout.data, info.offset("prb_data_ring.data"));
  take(layout.state_var, info.offset("prb_desc.state_var"));
  if (const auto block = info.offset("prb_desc.text_blk_lpos")) {
    take(layout.begin, *block + info.offset("prb_data_blk_lpos.begin").value_or(0));
    take(layout.next, *block + info.offset("prb_data_blk_lpos.next").value_or(8));
  }
  take(layout.desc_size, info.size("prb_desc"));
  take(layout.seq, info.offset("printk_info.seq"));
  take(layout.ts_nsec, info.offset("printk_info.ts_nsec"));
  take(layout.text_len, info.offset("printk_info.text_len"));
  // Of the bits behind it there is no line: facility, then flags and level in one byte each.
  layout.level = layout.text_len + 3;
  take(layout.info_size, info.size("printk_info"));
  return layout;
}

std::vector<PrintkLine> read_printk_ring(const LinearReader& read, std::uint64_t ring_address,
                                         const PrintkLayout& layout, std::size_t most) {
  most = std::min(most, kMostLines);
  const auto ring = read_ring(read, ring_address, layout);
  if (!ring) return {};
  // Backwards from the newest; ids may wrap.
  std::vector<Record> records;
  const std::uint64_t looks = std::min<std::uint64_t>(
      {most, 1ULL << ring->count_bits, ((ring->head - ring->tail) & kIdMask) + 1});
  for (std::uint64_t back = 0; back < looks; ++back) {
    if (auto record = read_record(read, *ring, layout, (ring->head - back) & kIdMask))
      records.push_back(std::move(*record));
  }
  std::vector<PrintkLine> lines;
  for (auto record = records.rbegin(); record != records.rend(); ++record)
    append_lines(lines, *record);
  if (lines.size() > most)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
  return lines;
}

}  // namespace skiff
