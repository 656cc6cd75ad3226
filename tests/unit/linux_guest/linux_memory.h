// Linear memory with a made-up Linux kernel in it: kallsyms in each of its layouts, a printk ring,
// VMCOREINFO, a banner and a command line.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/range.h"
#include "vmm/linux_guest/linear_reader.h"

namespace skiff::test {

class LinuxMemory {
 public:
  static constexpr std::uint64_t kBase = 0xffff'ffff'9a00'0000ULL;  // where KASLR has put it
  static constexpr std::uint64_t kSize = 0x40'0000;

  LinearReader reader() {
    return [this](std::uint64_t linear, std::span<std::byte> out) {
      if (linear < kBase || linear - kBase > kSize || out.size() > kSize - (linear - kBase))
        return false;
      std::memcpy(out.data(), bytes.data() + (linear - kBase), out.size());
      return true;
    };
  }
  Range image() const { return {kBase, kSize}; }

  template <typename T>
  void put(std::uint64_t linear, const T& value) {
    std::memcpy(bytes.data() + (linear - kBase), &value, sizeof value);
  }
  void text(std::uint64_t linear, std::string_view value) {
    std::memcpy(bytes.data() + (linear - kBase), value.data(), value.size());
  }

  std::vector<std::byte> bytes = std::vector<std::byte>(kSize);
};

enum class SymbolOrder { offsets_first, sequences_between, offsets_last };

struct Symbol {
  std::uint64_t address;
  std::string name;
};

// Symbols "filler_N" every 16 bytes from kBase + 0x1000, so that there are several markers.
inline std::vector<Symbol> filler_symbols(std::size_t count) {
  std::vector<Symbol> symbols;
  for (std::size_t at = 0; at < count; ++at) {
    symbols.push_back({LinuxMemory::kBase + 0x1000 + at * 16, "filler_" + std::to_string(at)});
  }
  return symbols;
}

// Writes the tables from kBase + 0x200000 on, as scripts/kallsyms does; each token is a character
// but 1, which is "filler". `symbols`: ascending.
struct TokenPlaces {
  std::uint64_t table, index;
};
inline TokenPlaces put_kallsyms(LinuxMemory& memory, const std::vector<Symbol>& symbols,
                                SymbolOrder order, bool absolute_percpu) {
  std::uint64_t at = LinuxMemory::kBase + 0x20'0000;
  const auto align = [&at] { at = (at + 7) & ~7ULL; };
  const auto addresses = [&] {
    for (const Symbol& symbol : symbols) {
      const std::uint64_t offset = symbol.address - LinuxMemory::kBase;
      const bool is_percpu = symbol.address < LinuxMemory::kBase;
      memory.put(at, static_cast<std::int32_t>(is_percpu ? symbol.address
                                                         : (absolute_percpu ? ~offset : offset)));
      at += 4;
    }
    align();
    memory.put(at, LinuxMemory::kBase);
    at += 8;
  };
  if (order != SymbolOrder::offsets_last) addresses();
  memory.put(at, static_cast<std::uint32_t>(symbols.size()));
  at += 8;
  const std::uint64_t names = at;
  std::vector<std::uint32_t> markers;
  for (std::size_t index = 0; index < symbols.size(); ++index) {
    if (index % 256 == 0) markers.push_back(static_cast<std::uint32_t>(at - names));
    std::string tokens = "T";
    if (symbols[index].name.starts_with("filler")) {
      tokens += '\1' + symbols[index].name.substr(6);
    } else {
      tokens += symbols[index].name;
    }
    if (tokens.size() >= 128) {
      memory.put(at++, static_cast<std::uint8_t>((tokens.size() & 0x7f) | 0x80));
      memory.put(at++, static_cast<std::uint8_t>(tokens.size() >> 7));
    } else {
      memory.put(at++, static_cast<std::uint8_t>(tokens.size()));
    }
    memory.text(at, tokens);
    at += tokens.size();
  }
  align();
  for (const std::uint32_t marker : markers) {
    memory.put(at, marker);
    at += 4;
  }
  align();
  if (order == SymbolOrder::sequences_between) {
    for (std::size_t byte = 0; byte < symbols.size() * 3; ++byte)
      memory.put(at++, static_cast<std::uint8_t>(byte * 7 + 1));
    align();
  }
  const std::uint64_t table = at;
  std::array<std::uint16_t, 256> index{};
  for (std::size_t token = 0; token < 256; ++token) {
    index[token] = static_cast<std::uint16_t>(at - table);
    const std::string text = token == 1 ? "filler"
                             : token < ' ' || token > '~'
                                 ? "t" + std::to_string(token)
                                 : std::string(1, static_cast<char>(token));
    memory.text(at, text);
    at += text.size() + 1;
  }
  align();
  const std::uint64_t index_at = at;
  memory.put(at, index);
  at += sizeof index;
  if (order == SymbolOrder::offsets_last) addresses();
  return {table, index_at};
}

// A printk ring of 16 records and 1 KiB of text at kBase + 0x300000.
class PrintkRing {
 public:
  static constexpr std::uint64_t kRing = LinuxMemory::kBase + 0x30'0000;
  static constexpr std::uint64_t kDescs = kRing + 0x1000, kInfos = kRing + 0x2000;
  static constexpr std::uint64_t kData = kRing + 0x4000;
  static constexpr unsigned kCountBits = 4, kSizeBits = 10;

  // `first`: id of the first record, so that ids and positions may wrap.
  explicit PrintkRing(LinuxMemory& memory, std::uint64_t first = 100)
      : memory_(memory), first_(first), id_(first) {
    memory.put(kRing + 0, kCountBits);
    memory.put(kRing + 8, kDescs);
    memory.put(kRing + 16, kInfos);
    memory.put(kRing + 40, kSizeBits);
    memory.put(kRing + 48, kData);
  }

  void add(std::string_view text, std::uint64_t state = 2, std::uint64_t ns = 1'500'000'000) {
    constexpr std::uint64_t kSize = 1ULL << kSizeBits;
    const std::uint64_t block = (8 + text.size() + 7) & ~7ULL;
    std::uint64_t next = position_ + block;
    std::uint64_t place = position_ % kSize;
    if (position_ / kSize != next / kSize) {  // wrapped
      next = next / kSize * kSize + block;
      place = 0;
    }
    const std::uint64_t id = id_++ & ((1ULL << 62) - 1);
    const std::uint64_t slot = id % (1U << kCountBits);
    memory_.put(kData + place, id);
    memory_.text(kData + place + 8, text);
    memory_.put(kDescs + slot * 24, state << 62 | id);
    memory_.put(kDescs + slot * 24 + 8, position_);
    memory_.put(kDescs + slot * 24 + 16, next);
    memory_.put(kInfos + slot * 88, std::uint64_t{id_ - first_ - 1});
    memory_.put(kInfos + slot * 88 + 8, ns);
    memory_.put(kInfos + slot * 88 + 16, static_cast<std::uint16_t>(text.size()));
    memory_.put(kInfos + slot * 88 + 19, static_cast<std::uint8_t>(6U << 5));
    position_ = next;
    memory_.put(kRing + 24, id);
    const std::uint64_t count = id_ - first_;
    memory_.put(kRing + 32, count > 16 ? (id_ - 16) & ((1ULL << 62) - 1) : first_);
  }

 private:
  LinuxMemory& memory_;
  const std::uint64_t first_;
  std::uint64_t id_;
  std::uint64_t position_ = 0;
};

}  // namespace skiff::test
