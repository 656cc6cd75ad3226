#include "vmm/cli/bash_completion.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <vector>

#include "vmm/cli/command_spec.h"
#include "vmm/machine/config_keys.h"

namespace skiff {
namespace {

std::string command_names() {
  std::vector<std::string_view> names;
  for (const CommandSpec& command : command_specs())
    names.push_back(command.name);
  return fmt::format("{}", fmt::join(names, " "));
}

// "--help -h --stats="; a value behind '=' only where it may be left out.
std::string option_names(std::span<const OptionSpec> options) {
  std::string out;
  for (const OptionSpec& option : options) {
    if (option.hidden) continue;
    for (const char c : option.names)
      out += c == ',' ? ' ' : c;
    out += ' ';
    if (!option.implied.empty()) {
      for (const std::string_view choice : option.choices) {
        out += fmt::format("{}={} ", option.long_name(), choice);
      }
    }
  }
  return out;
}

std::string set_keys() {
  std::string out;
  for (const ConfigKey& key : config_keys()) {
    const ConfigSection* section = find_config_section(key.section);
    const bool list = section != nullptr && section->list;
    out += fmt::format("{}{}.{}= ", key.section, list ? ".0" : "", key.name);
  }
  return out;
}

// What follows an option: one `case` branch.
std::string value_branch(const OptionSpec& option) {
  if (option.value.empty() || !option.implied.empty()) return {};
  std::string words;
  switch (option.completion) {
    case Completion::file:
      words = "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))";
      break;
    case Completion::directory:
      words = "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))";
      break;
    case Completion::config_key:
      words =
          fmt::format("compopt -o nospace; COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", set_keys());
      break;
    case Completion::command:
    case Completion::vm:
    case Completion::any_vm:
    case Completion::none:
      words = option.choices.empty() ? "COMPREPLY=()"
                                     : fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))",
                                                   fmt::join(option.choices, " "));
      break;
  }
  return fmt::format("    {}) {}; return ;;\n", option.long_name(), words);
}

// By the skiff that is on the command line.
std::string vm_names_from(std::string_view command) {
  return fmt::format(
      "COMPREPLY=($(compgen -W \"$(\"${{COMP_WORDS[0]}}\" {} 2>/dev/null)\" -- \"$cur\"))",
      command);
}

std::string operand_words(const CommandSpec& command) {
  switch (command.operand_completion) {
    case Completion::file:
      return "compopt -o filenames; COMPREPLY=($(compgen -f -X '!*.toml' -- \"$cur\") "
             "$(compgen -d -- \"$cur\"))";
    case Completion::command:
      return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", command_names());
    case Completion::vm:
      return vm_names_from("ps --quiet");
    case Completion::any_vm:
      return vm_names_from("ps --quiet --all");
    default:
      return "COMPREPLY=()";
  }
}

}  // namespace

std::string bash_completion() {
  std::string out =
      "# bash completion for skiff; written by `skiff help --completion bash`.\n"
      "_skiff() {\n"
      "  local cur prev words cword command= i\n"
      "  cur=${COMP_WORDS[COMP_CWORD]}\n"
      "  prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      // bash splits words at '=': `--stats=json` is three of them.
      "  if [[ $cur == '=' || $prev == '=' ]]; then\n"
      "    COMPREPLY=(); return\n"
      "  fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n";
  for (const CommandSpec& command : command_specs()) {
    out += fmt::format("      {0}) command={0}; break ;;\n", command.name);
  }
  out += "    esac\n  done\n  case $prev in\n";
  std::vector<std::string> seen;
  for (const OptionSpec& option : program_spec().options)
    out += value_branch(option);
  for (const CommandSpec& command : command_specs()) {
    for (const OptionSpec& option : command.options)
      out += value_branch(option);
  }
  out += "  esac\n  case $command in\n";
  const std::string global = option_names(program_spec().options);
  for (const CommandSpec& command : command_specs()) {
    out += fmt::format(
        "    {}) if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '{}{}' -- \"$cur\"));\n"
        "      else {}; fi ;;\n",
        command.name, option_names(command.options), global, operand_words(command));
  }
  out += fmt::format("    *) COMPREPLY=($(compgen -W '{} {}' -- \"$cur\")) ;;\n", command_names(),
                     global);
  return out + "  esac\n}\ncomplete -F _skiff skiff\n";
}

}  // namespace skiff
