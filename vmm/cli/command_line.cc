#include "vmm/cli/command_line.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <span>
#include <string_view>

#include "vmm/cli/command_spec.h"
#include "vmm/machine/spelling.h"

namespace skiff {
namespace {

const OptionSpec* find_option(const CommandSpec* command, std::string_view name) {
  for (const CommandSpec* spec : {&program_spec(), command}) {
    if (spec == nullptr) continue;
    for (const OptionSpec& option : spec->options) {
      for (std::string_view rest = option.names; !rest.empty();) {
        const auto comma = rest.find(',');
        if (rest.substr(0, comma) == name) return &option;
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      }
    }
  }
  return nullptr;
}

const CommandSpec* command_among(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") return nullptr;
    if (words[i].starts_with('-')) {
      const OptionSpec* option = find_option(nullptr, words[i]);
      // Its value is the next word.
      if (option != nullptr && !option->value.empty() && option->implied.empty()) ++i;
      continue;
    }
    return find_command(words[i]);
  }
  return nullptr;
}

// Says in our words what the library would say in its own, and settles one thing it sees otherwise:
// an option whose value may be left out takes it only behind '=', so that `--stats vm.toml` leaves
// vm.toml alone.
std::vector<std::string> prepared(const CommandSpec* command,
                                  const std::vector<std::string>& words) {
  std::vector<std::string> out;
  bool options = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") options = false;
    const auto equals = word.find('=');
    const OptionSpec* option = options ? find_option(command, word.substr(0, equals)) : nullptr;
    const bool has_value = equals != std::string::npos;
    if (option != nullptr && option->value.empty() && has_value) {
      throw UsageError(fmt::format("{} takes no value", option->long_name()));
    }
    if (option != nullptr && !option->implied.empty() && !has_value) {
      out.push_back(fmt::format("{}={}", option->long_name(), option->implied));
      continue;
    }
    out.push_back(word);
    if (option == nullptr || option->value.empty() || has_value) continue;
    if (++i == words.size()) {
      throw UsageError(fmt::format("{} needs a value: {}", option->long_name(), option->value));
    }
    out.push_back(words[i]);
  }
  return out;
}

[[noreturn]] void unknown_command(const std::string& word) {
  std::vector<std::string_view> names;
  for (const CommandSpec& command : command_specs())
    names.push_back(command.name);
  const std::string_view near = nearest_word(word, names);
  if (word.ends_with(".toml")) {
    throw UsageError(
        fmt::format("unknown command \"{0}\"; to start a machine: skiff run {0}", word));
  }
  if (!near.empty()) {
    throw UsageError(fmt::format("unknown command \"{}\"; did you mean \"{}\"?", word, near));
  }
  throw UsageError(
      fmt::format("unknown command \"{}\"; the commands are: {}", word, fmt::join(names, ", ")));
}

[[noreturn]] void unknown_option(const CommandSpec* command, std::string word) {
  word = word.substr(0, word.find('='));
  std::vector<std::string_view> names;
  for (const CommandSpec* spec : {&program_spec(), command}) {
    if (spec == nullptr) continue;
    for (const OptionSpec& option : spec->options) {
      if (!option.hidden) names.push_back(option.long_name());
    }
  }
  const std::string_view near = nearest_word(word, names);
  const std::string help =
      command == nullptr ? "skiff --help" : fmt::format("skiff {} --help", command->name);
  throw UsageError(fmt::format(
      "unknown option \"{}\"; {}", word,
      near.empty() ? fmt::format("see {}", help) : fmt::format("did you mean \"{}\"?", near)));
}

void check_choice(const OptionSpec& option, const std::string& value) {
  if (option.choices.empty()) return;
  if (std::find(option.choices.begin(), option.choices.end(), value) != option.choices.end()) {
    return;
  }
  const std::string_view near = nearest_word(value, option.choices);
  throw UsageError(fmt::format("{} is \"{}\"; it must be one of {}{}", option.long_name(), value,
                               fmt::join(option.choices, ", "),
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

using Declared = std::map<const CLI::Option*, const OptionSpec*>;

// Declares a specification's options to the library.
void declare(CLI::App& app, const CommandSpec& spec, Declared& declared) {
  app.set_help_flag();
  app.allow_extras();
  for (const OptionSpec& option : spec.options) {
    const std::string names(option.names);
    CLI::Option* made = nullptr;
    if (option.value.empty()) {
      made = app.add_flag_function(names, [](std::int64_t) {}, "");
    } else {
      made = app.add_option_function<std::vector<std::string>>(
          names, [](const std::vector<std::string>&) {}, "");
      made->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    declared.emplace(made, &option);
  }
}

// What was found, in the order of the command line.
void take_options(const CLI::App& app, const Declared& declared, Arguments& out) {
  std::map<const CLI::Option*, std::size_t> taken;
  for (const CLI::Option* found : app.parse_order()) {
    const OptionSpec& option = *declared.at(found);
    const std::size_t index = taken[found]++;
    const std::string name(option.long_name());
    if (option.value.empty()) {
      out.options.push_back({name, ""});
      continue;
    }
    const auto& values = found->results();
    const std::string value = index < values.size() ? values[index] : std::string();
    check_choice(option, value);
    out.options.push_back({name, value});
  }
}

void take_operands(const std::vector<std::string>& extras, Arguments& out) {
  for (const std::string& word : extras) {
    if (word == "--") continue;
    if (word.size() > 1 && word.starts_with('-')) unknown_option(out.command, word);
    if (out.command == nullptr) unknown_command(word);
    if (out.command->operands.empty() || out.operands.size() >= out.command->most_operands) {
      throw UsageError(fmt::format("\"{}\" is one argument too many; usage: skiff {} {}", word,
                                   out.command->name, out.command->operands));
    }
    if (word.empty()) throw UsageError("an argument is empty");
    if (out.operands.empty()) out.operand = word;
    out.operands.push_back(word);
  }
}

}  // namespace

Arguments parse_command_line(const std::vector<std::string>& words) {
  Arguments out;
  out.command = command_among(words);
  CLI::App app;
  Declared declared;
  declare(app, program_spec(), declared);
  CLI::App* sub = nullptr;
  if (out.command != nullptr) {
    // Only the command that was given is declared: the others cost time and can say nothing.
    sub = app.add_subcommand(std::string(out.command->name));
    sub->fallthrough();
    declare(*sub, *out.command, declared);
  }
  std::vector<std::string> reversed = prepared(out.command, words);
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  take_options(app, declared, out);
  take_operands(app.remaining(), out);
  if (sub != nullptr) {
    take_options(*sub, declared, out);
    take_operands(sub->remaining(), out);
    if (out.operands.size() < out.command->least_operands && !out.has("--help")) {
      throw UsageError(fmt::format("{0} needs more arguments; usage: skiff {0} {1}",
                                   out.command->name, out.command->operands));
    }
  }
  return out;
}

}  // namespace skiff
