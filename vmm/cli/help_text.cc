#include "vmm/cli/help_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "vmm/cli/exit_statuses.h"

namespace skiff {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 24;  // where the explanations begin

// "-h, --help", "    --stats[=FORMAT]"
std::string option_heading(const OptionSpec& option) {
  const auto comma = option.names.find(',');
  std::string out = comma == std::string_view::npos
                        ? "    "
                        : fmt::format("{}, ", option.names.substr(comma + 1));
  out += option.long_name();
  if (!option.implied.empty()) {
    out += fmt::format("[={}]", option.value);
  } else if (!option.value.empty()) {
    out += fmt::format(" {}", option.value);
  }
  return out;
}

std::string entry(std::string_view heading, std::string_view text) {
  std::string out = fmt::format("  {}", heading);
  if (out.size() + 2 > kColumn) {
    out += '\n' + std::string(kColumn, ' ');
  } else {
    out.resize(kColumn, ' ');
  }
  return out + wrap(text, kColumn, kWidth) + '\n';
}

std::string options_text(std::string_view title, std::span<const OptionSpec> options) {
  std::string out = fmt::format("\n{}:\n", title);
  for (const OptionSpec& option : options) {
    if (!option.hidden) out += entry(option_heading(option), option.help);
  }
  return out;
}

}  // namespace

std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    if (text.starts_with("\n\n")) {
      out += "\n\n" + std::string(indent, ' ');
      column = indent;
      text.remove_prefix(2);
      continue;
    }
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    const bool first = column == indent;
    if (!first && column + 1 + end > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(end);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  return out;
}

std::string usage_line(const CommandSpec& command) {
  if (command.name.empty()) return "skiff [OPTIONS] COMMAND …";
  return fmt::format("skiff {} [OPTIONS]{}{}", command.name, command.operands.empty() ? "" : " ",
                     command.operands);
}

std::string help_text(const CommandSpec& command) {
  const bool program = command.name.empty();
  std::string out =
      fmt::format("{}{} - {}\n\nUsage: {}\n\n{}\n", program ? "skiff" : "skiff ", command.name,
                  command.summary, usage_line(command), wrap(command.description, 0, kWidth));
  if (program) {
    out += "\nCommands:\n";
    for (const CommandSpec& each : command_specs())
      out += entry(each.name, each.summary);
  }
  if (!command.options.empty()) out += options_text("Options", command.options);
  if (!program) out += options_text("Global options", program_spec().options);
  if (!command.examples.empty()) {
    out += "\nExamples:\n";
    for (const ExampleSpec& example : command.examples) {
      out += fmt::format("  {}\n      {}\n", example.command, wrap(example.what, 6, kWidth));
    }
  }
  if (program || command.name == "run" || command.name == "wait") {
    out += "\nExit status:\n";
    for (const auto& status : exit_status_texts())
      out += entry(status.number, status.meaning);
  }
  out += program ? "\nMore about a command: skiff COMMAND --help. All of it: man skiff.\n" : "";
  return out;
}

}  // namespace skiff
