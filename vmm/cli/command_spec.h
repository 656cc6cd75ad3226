// Every command and option of the program as plain data: the parser, `--help`, the man page and the
// shell completion are all written from it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace skiff {

class Arguments;

enum class Completion {
  none,
  file,
  directory,
  config_key,
  command,
  vm,      // names of running VMs
  any_vm,  // of ended ones too
};

struct OptionSpec {
  std::string_view names;  // "--help,-h": the long one first
  std::string_view value;  // the value's name in help, such as "KEY=VALUE"; empty: a flag
  std::string_view help;   // one or more sentences
  // Not empty: the value may be left out, and is this then. A value has to follow '='.
  std::string_view implied = {};
  std::span<const std::string_view> choices = {};
  bool hidden = false;
  Completion completion = Completion::none;

  std::string_view long_name() const { return names.substr(0, names.find(',')); }
};

struct ExampleSpec {
  std::string_view command;
  std::string_view what;
};

struct CommandSpec {
  std::string_view name;         // "run"; empty: the program itself
  std::string_view operands;     // "[CONFIG]", "NAME..."; in brackets where it is optional
  std::string_view summary;      // one line, without a full stop
  std::string_view description;  // paragraphs separated by an empty line
  std::span<const OptionSpec> options;
  std::span<const ExampleSpec> examples;
  Completion operand_completion = Completion::none;
  std::size_t least_operands = 0;
  std::size_t most_operands = 1;  // where `operands` is not empty
  int (*run)(const Arguments& arguments) = nullptr;
};

// The program (global options, description) and its commands, in the order help shows them.
const CommandSpec& program_spec();
std::span<const CommandSpec> command_specs();
const CommandSpec* find_command(std::string_view name);

// One per subcommand, each in its own file.
const CommandSpec& run_command();
const CommandSpec& console_command();
const CommandSpec& ps_command();
const CommandSpec& stop_command();
const CommandSpec& pause_command();
const CommandSpec& resume_command();
const CommandSpec& reset_command();
const CommandSpec& power_button_command();
const CommandSpec& nmi_command();
const CommandSpec& logs_command();
const CommandSpec& events_command();
const CommandSpec& wait_command();
const CommandSpec& why_command();
const CommandSpec& rm_command();
const CommandSpec& top_command();
const CommandSpec& bench_command();
const CommandSpec& check_command();
const CommandSpec& help_command();

}  // namespace skiff
