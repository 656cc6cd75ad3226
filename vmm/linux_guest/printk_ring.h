// The last messages of a Linux kernel, read out of its printk ring buffer (5.10 and newer): what
// `dmesg` would say, of a guest that cannot run it any more or has no console.
//
//   prb -> printk_ringbuffer { desc_ring { count_bits, descs, infos, head_id, tail_id },
//                              text_data_ring { size_bits, data } }
//   descs[id mod count]: state and id in one word; where its text begins and ends in the data ring
//   infos[id mod count]: sequence number, time, length, level
//
// A record that is being written, or was overwritten meanwhile, is left out: its word of state does
// not say "committed" or "finalized" with the id that is looked for.
// Source: Linux kernel/printk/printk_ringbuffer.{h,c},
// Documentation/admin-guide/kdump/gdbmacros.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vmm/linux_guest/linear_reader.h"
#include "vmm/linux_guest/vmcoreinfo.h"

namespace skiff {

struct PrintkLine {
  std::uint64_t sequence = 0;
  std::uint64_t time_ns = 0;  // of the kernel's own clock
  unsigned level = 0;         // 0 emergency ... 7 debug
  std::string text;           // one line, printable
};

// Offsets of the members used. The defaults are those of 64-bit kernels 5.10 to 6.6, `of` takes the
// kernel's own where it says them.
struct PrintkLayout {
  std::uint64_t desc_ring = 0, text_data_ring = 40;  // printk_ringbuffer
  std::uint64_t count_bits = 0, descs = 8, infos = 16, head_id = 24, tail_id = 32;  // prb_desc_ring
  std::uint64_t size_bits = 0, data = 8;                                            // prb_data_ring
  std::uint64_t state_var = 0, begin = 8, next = 16, desc_size = 24;                // prb_desc
  std::uint64_t seq = 0, ts_nsec = 8, text_len = 16, level = 19, info_size = 88;    // printk_info

  static PrintkLayout of(const Vmcoreinfo& info);
};

// The last `most` lines (at most 1000) of the ring whose printk_ringbuffer is at `ring`, oldest
// first. Empty where there is no sound ring.
std::vector<PrintkLine> read_printk_ring(const LinearReader& read, std::uint64_t ring,
                                         const PrintkLayout& layout, std::size_t most);

}  // namespace skiff
