#include "vmm/board/x86_64/register_bits.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string_view>

namespace skiff {
namespace {

struct BitName {
  unsigned bit;
  std::string_view name;
};

constexpr BitName kCr0[] = {{31, "PG"}, {30, "CD"}, {29, "NW"}, {18, "AM"}, {16, "WP"}, {5, "NE"},
                            {4, "ET"},  {3, "TS"},  {2, "EM"},  {1, "MP"},  {0, "PE"}};
constexpr BitName kCr4[] = {{32, "FRED"},     {28, "LAM_SUP"},    {27, "LASS"},    {25, "UINTR"},
                            {24, "PKS"},      {23, "CET"},        {22, "PKE"},     {21, "SMAP"},
                            {20, "SMEP"},     {19, "KL"},         {18, "OSXSAVE"}, {17, "PCIDE"},
                            {16, "FSGSBASE"}, {14, "SMXE"},       {13, "VMXE"},    {12, "LA57"},
                            {11, "UMIP"},     {10, "OSXMMEXCPT"}, {9, "OSFXSR"},   {8, "PCE"},
                            {7, "PGE"},       {6, "MCE"},         {5, "PAE"},      {4, "PSE"},
                            {3, "DE"},        {2, "TSD"},         {1, "PVI"},      {0, "VME"}};
constexpr BitName kEfer[] = {{21, "AIBRS"}, {20, "UAIE"},  {18, "INTWB"}, {17, "MCOMMIT"},
                             {15, "TCE"},   {14, "FFXSR"}, {13, "LMSLE"}, {12, "SVME"},
                             {11, "NXE"},   {10, "LMA"},   {8, "LME"},    {0, "SCE"}};
constexpr BitName kRflags[] = {{21, "ID"}, {20, "VIP"}, {19, "VIF"}, {18, "AC"},
                               {17, "VM"}, {16, "RF"},  {14, "NT"},  {11, "OF"},
                               {10, "DF"}, {9, "IF"},   {8, "TF"},   {7, "SF"},
                               {6, "ZF"},  {4, "AF"},   {2, "PF"},   {0, "CF"}};

void append(std::string& text, std::string_view name) {
  if (!text.empty()) text += ' ';
  text += name;
}

std::string names(std::uint64_t value, std::span<const BitName> table) {
  std::string text;
  for (unsigned bit = 64; bit-- > 0;) {
    if ((value >> bit & 1) == 0) continue;
    std::string_view known;
    for (const BitName& entry : table) {
      if (entry.bit == bit) known = entry.name;
    }
    append(text, known.empty() ? fmt::format("bit{}", bit) : std::string(known));
  }
  return text.empty() ? "-" : text;
}

// System segment types in 32-bit and long mode (SDM 3.5, table 3-2).
constexpr std::array<std::string_view, 16> kSystemTypes = {"reserved",
                                                           "16-bit TSS",
                                                           "LDT",
                                                           "busy 16-bit TSS",
                                                           "16-bit call gate",
                                                           "task gate",
                                                           "16-bit interrupt gate",
                                                           "16-bit trap gate",
                                                           "reserved",
                                                           "TSS",
                                                           "reserved",
                                                           "busy TSS",
                                                           "call gate",
                                                           "reserved",
                                                           "interrupt gate",
                                                           "trap gate"};

}  // namespace

std::string cr0_bits(std::uint64_t value) {
  return names(value, kCr0);
}
std::string cr4_bits(std::uint64_t value) {
  return names(value, kCr4);
}
std::string efer_bits(std::uint64_t value) {
  return names(value, kEfer);
}

std::string rflags_bits(std::uint64_t value) {
  constexpr std::uint64_t kIopl = 3ULL << 12;
  constexpr std::uint64_t kAlwaysSet = 2;
  std::string text = names(value & ~kIopl & ~kAlwaysSet, kRflags);
  if ((value & kIopl) != 0) text += fmt::format(" IOPL={}", (value & kIopl) >> 12);
  if ((value & kAlwaysSet) == 0) text += " (bit 1 is clear: not a valid RFLAGS)";
  return text;
}

std::string segment_attributes(const SegmentState& segment) {
  if (!segment.present) return "not usable";
  const auto type = static_cast<std::size_t>(segment.type & 15);
  if (!segment.s) return std::string(kSystemTypes[type]);
  const bool is_code = (type & 8) != 0;
  const std::string_view width = segment.l ? "64-bit" : segment.db ? "32-bit" : "16-bit";
  std::string text = fmt::format("{} {}, ring {}", width, is_code ? "code" : "data", segment.dpl);
  if (is_code) {
    if ((type & 2) == 0) text += ", execute only";
    if ((type & 4) != 0) text += ", conforming";
  } else {
    text += (type & 2) != 0 ? ", writable" : ", read only";
    if ((type & 4) != 0) text += ", expands down";
  }
  return text;
}

}  // namespace skiff
