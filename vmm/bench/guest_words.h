// What a guest program of the bench says on COM1 (docs/benchmark.md, "The guest's lines"): bytes to
// words. A guest is hostile: whatever it sends, a line has at most kMostLine bytes, a name
// kMostName, a histogram kMostBuckets, and nothing else is kept.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skiff::bench {

struct GuestBegin {
  std::string program;
  std::uint64_t version = 0;
  std::uint64_t tsc_khz = 0;
};
// The guest is about to take so much text, of a cell that begins with the other side; for its
// warm-up.
struct GuestWant {
  std::string cell;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
};
// Set up and warm; the guest waits for a byte.
struct GuestReady {
  std::string cell;
  std::string face;
  std::uint64_t requests = 0;
};
// The single byte '!': the measured loop has ended; the guest waits for a byte.
struct GuestMark {};
struct GuestDone {
  std::string cell;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  std::uint64_t cycles = 0;              // of the time-stamp counter, as all times below
  std::optional<std::uint64_t> kicks{};  // a Linux does not know
  std::uint64_t interrupts = 0;
  std::uint64_t failed = 0;
};
struct GuestLatency {
  std::string cell;
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t max = 0;
};
struct LatencyBucket {
  std::uint64_t lower = 0;  // the least that is counted in it
  std::uint64_t count = 0;
};
struct GuestHistogram {
  std::string cell;
  std::vector<LatencyBucket> buckets;  // by `lower`, ascending
};
struct GuestSkip {
  std::string cell;
  std::string why;
};
struct GuestFail {
  std::string cell;
  std::string why;
};
struct GuestEnd {
  std::uint64_t status = 0;
};
// A line that begins with "bench: " and is none of the above, or a line without an end.
struct GuestNonsense {
  std::string what;  // for a person: printable, short
};
using GuestWord =
    std::variant<GuestBegin, GuestWant, GuestReady, GuestMark, GuestDone, GuestLatency,
                 GuestHistogram, GuestSkip, GuestFail, GuestEnd, GuestNonsense>;

class GuestReader {
 public:
  static constexpr std::size_t kMostLine = 8 * 1024;
  static constexpr std::size_t kMostName = 64;
  static constexpr std::size_t kMostReason = 200;
  static constexpr std::size_t kMostBuckets = 200;
  static constexpr std::size_t kMostOther = 2 * 1024;

  // What is complete with these bytes. Nothing comes any more after a GuestNonsense.
  std::vector<GuestWord> put(std::string_view bytes);
  // The last lines that were none of the bench's, printable: why a guest said nothing of use.
  const std::string& other() const { return other_; }

 private:
  void keep_other(std::string_view line);

  std::string line_;
  std::string other_;
  bool is_broken_ = false;
};

// One line, without its newline, that begins with "bench: ".
GuestWord parse_guest_line(std::string_view line);
// At most `most` characters of ASCII; others become '?'.
std::string printable_text(std::string_view text, std::size_t most);

}  // namespace skiff::bench
