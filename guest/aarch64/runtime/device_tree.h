// Reads the device tree that the loader left: Devicetree Specification 0.4, chapter 5. Pure, and
// believes nothing about its length but what its header says.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct DeviceTree {
  const uint8_t* nodes;
  uint32_t nodes_size;
  const char* strings;
  uint32_t strings_size;
};

// A node by where its properties begin in the tree's structure; 0: none.
typedef uint32_t TreeNode;

// 0 if `blob` is not one.
int tree_open(struct DeviceTree* tree, const void* blob);
// The next node behind `after` (0: from the start) whose name, without its unit address, is `name`,
// or that is compatible with `compatible`.
TreeNode tree_named(const struct DeviceTree* tree, const char* name, TreeNode after);
TreeNode tree_compatible(const struct DeviceTree* tree, const char* compatible, TreeNode after);
// Its property, or null. `length` may be null.
const uint8_t* tree_property(const struct DeviceTree* tree, TreeNode node, const char* name,
                             uint32_t* length);
// The `index`th cell of 32 bits, or pair of cells, of a property; 0 where it has no so many.
uint32_t tree_cell(const struct DeviceTree* tree, TreeNode node, const char* name, unsigned index);
uint64_t tree_wide(const struct DeviceTree* tree, TreeNode node, const char* name, unsigned index);

#ifdef __cplusplus
}
#endif
