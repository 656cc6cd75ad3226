#include "vmm/cli/bench_rivals.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "vmm/base/error.h"
#include "vmm/cli/command_line.h"

namespace skiff {
namespace {

std::optional<std::string> in_path(const std::string& program) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::filesystem::path file = std::filesystem::path(rest.substr(0, colon)) / program;
    if (::access(file.c_str(), X_OK) == 0) return file.string();
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return std::nullopt;
}

std::string program_of(const Arguments& arguments, const std::string& rival) {
  std::string named;
  for (const Arguments::Option& option : arguments.options) {
    if (option.name == "--vs-path" && option.value.starts_with(rival + "=")) {
      named = option.value.substr(rival.size() + 1);
    }
  }
  if (!named.empty()) {
    if (::access(named.c_str(), X_OK) != 0) throw UsageError(named + " cannot be run");
    return named;
  }
  const std::string program(bench::default_program(rival));
  if (const auto found = in_path(program)) return *found;
  throw UsageError(fmt::format("{} is not in PATH; --vs-path {}=PATH names it", program, rival));
}

}  // namespace

std::vector<bench::Rival> bench_rivals(const Arguments& arguments) {
  std::vector<bench::Rival> rivals;
  std::string_view rest;
  const std::string names = arguments.last("--vs").value_or("");
  for (rest = names; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string name(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (bench::default_program(name).empty()) {
      std::string known;
      for (const bench::RivalRow& row : bench::rival_rows())
        known += fmt::format("{}{}", known.empty() ? "" : ", ", row.name);
      throw UsageError(fmt::format("--vs does not know \"{}\"; on this architecture it knows {}",
                                   name, known.empty() ? "no other monitor" : known));
    }
    rivals.push_back({.name = name, .program = program_of(arguments, name)});
  }
  return rivals;
}

}  // namespace skiff
