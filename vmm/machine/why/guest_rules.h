// What the facts probably mean, in words: a list of rules, each a small function that knows one
// thing that goes wrong with guests (or does not: an idle guest is fine).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vmm/machine/why/guest_facts.h"

namespace skiff {

struct Finding {
  // What decides which one is the headline.
  enum class Weight {
    fatal,    // the guest cannot go on
    cause,    // why something does not happen that the person waits for
    trouble,  // not as it should be
    state,    // what it does; nothing is wrong with it
  };
  Weight weight = Weight::state;
  std::string text;  // a sentence without a full stop
};

// All that apply, the weightiest first, and among equals in the rules' order; never empty.
std::vector<Finding> find_causes(const GuestFacts& facts);

// The rules, one by one, for tests. Nothing where a rule does not apply.
namespace guest_rules {
std::optional<Finding> kernel_panic(const GuestFacts& facts);
std::optional<Finding> no_root_device(const GuestFacts& facts);
std::optional<Finding> no_init(const GuestFacts& facts);
std::optional<Finding> init_died(const GuestFacts& facts);
std::optional<Finding> waiting_for_root(const GuestFacts& facts);
std::optional<Finding> no_console(const GuestFacts& facts);
std::optional<Finding> kernel_oops(const GuestFacts& facts);
std::optional<Finding> stalled_processor(const GuestFacts& facts);
std::optional<Finding> hung_task(const GuestFacts& facts);
std::optional<Finding> out_of_memory(const GuestFacts& facts);
std::optional<Finding> halted_for_good(const GuestFacts& facts);
std::optional<Finding> device_spin(const GuestFacts& facts);
std::optional<Finding> spinning(const GuestFacts& facts);
std::optional<Finding> busy_device(const GuestFacts& facts);
std::optional<Finding> not_answering(const GuestFacts& facts);
std::optional<Finding> slow_kernel(const GuestFacts& facts);
std::optional<Finding> running(const GuestFacts& facts);
std::optional<Finding> ended(const GuestFacts& facts);
std::optional<Finding> idle(const GuestFacts& facts);
}  // namespace guest_rules

}  // namespace skiff
