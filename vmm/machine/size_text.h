// Sizes as people write them: "512M", "4.5G", "65536".
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace skiff {

// A decimal number, with a fraction where a unit follows, and a unit K, M, G or T (powers of 1024;
// lower case, and "KiB" or "KB" forms too); without a unit: bytes. The error is half a sentence,
// such as "has no such unit as \"X\"".
std::expected<std::uint64_t, std::string> parse_size(std::string_view text);

// The shortest exact form: 536870912 is "512M", 4831838208 is "4608M", 1000 is "1000".
std::string format_size(std::uint64_t bytes);

}  // namespace skiff
