// The search for the tables of kallsyms (kallsyms.h): where each lies, each step proved before the
// next.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vmm/linux_guest/kallsyms.h"

namespace skiff {

class KallsymsTables {
 public:
  KallsymsTables(const LinearReader& read, Range image) : read_(read), image_(image) {}

  // The whole search.
  std::optional<Kallsyms> find();

 private:
  // Each false if what lies there is not the table.
  bool find_tokens(std::uint64_t digits);  // `digits`: linear address of the token "0"
  bool find_names();
  bool find_names_before_markers();
  bool check_names(std::uint64_t names);
  bool find_addresses();
  bool load_addresses(std::uint64_t offsets, std::optional<std::uint64_t> base);

  const LinearReader& read_;
  const Range image_;
  std::uint64_t token_table_ = 0;
  std::uint64_t token_index_ = 0;
  std::uint64_t markers_at_ = 0;
  std::uint64_t names_at_ = 0;
  std::uint32_t count_ = 0;
  std::size_t name_tries_ = 0;
  Kallsyms found_;
};

}  // namespace skiff
