// Every section and key a configuration may have, in one table: what the reader accepts, what "did
// you mean" and the shell completion offer, and what a test looks for in docs/config.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace skiff {

enum class ConfigType {
  boolean,
  integer,  // min to max
  size,     // parse_size, or an integer in bytes; min to max
  string,   // any text without control characters
  path,     // of the host; relative to the file, or on the command line to the current directory
  choice,   // one of `choices`
  string_list,   // an array of strings
  integer_list,  // an array of integers, each min to max
};

struct ConfigKey {
  std::string_view section;  // "cpu.topology"
  std::string_view name;     // "cores"
  ConfigType type;
  std::string_view default_text;  // as docs/config.md has it; empty: none
  std::string_view summary;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  bool hex = false;                                // people write its numbers in base 16
  std::span<const std::string_view> choices = {};  // in the order of the enumeration they stand for
};

struct ConfigSection {
  std::string_view name;  // "cpu", "cpu.topology"
  bool list;              // written [[name]], any number of times
  std::string_view summary;
};

std::span<const ConfigSection> config_sections();
std::span<const ConfigKey> config_keys();

// Null where there is none.
const ConfigSection* find_config_section(std::string_view name);
const ConfigKey* find_config_key(std::string_view section, std::string_view name);

// The most a configuration may ask for; what the host can give is checked when the machine is made.
inline constexpr std::uint64_t kMaxConfigVcpus = 4096;
inline constexpr std::uint64_t kMinConfigMemory = 16ULL << 20;
// Half of the 47-bit user address space of a process, which has to hold guest RAM.
inline constexpr std::uint64_t kMaxConfigMemory = 1ULL << 46;
inline constexpr std::uint64_t kMaxConfigDisk = 1ULL << 50;
// Split rings; more is nobody's gain: Linux never has more requests on their way.
inline constexpr std::uint64_t kMaxConfigQueue = 1024;
inline constexpr std::uint64_t kMaxConfigIoThreads = 64;
inline constexpr std::uint64_t kMaxConfigCpu = 1023;  // CPU_SETSIZE

}  // namespace skiff
