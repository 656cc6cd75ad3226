#include "guest/aarch64/runtime/device_tree.h"

enum { kMagic = 0xd00dfeed, kBeginNode = 1, kEndNode = 2, kProperty = 3, kNop = 4 };

static uint32_t cell_at(const uint8_t* at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int tree_open(struct DeviceTree* tree, const void* blob) {
  const uint8_t* header = blob;
  if (!header || cell_at(header) != kMagic) {
    return 0;
  }
  const uint64_t size = cell_at(header + 4);
  const uint64_t nodes = cell_at(header + 8);
  const uint64_t strings = cell_at(header + 12);
  tree->strings_size = cell_at(header + 32);
  tree->nodes_size = cell_at(header + 36);
  tree->nodes = header + nodes;
  tree->strings = (const char*)(header + strings);
  return nodes + tree->nodes_size <= size && strings + tree->strings_size <= size;
}

// One token and what belongs to it.
struct Token {
  uint32_t kind;
  const char* name;  // of a node or a property
  const uint8_t* value;
  uint32_t length;
  uint32_t next;  // where the next token is
};

// Of text that ends before `size`; `size` where it does not.
static uint32_t length_of(const char* text, uint32_t size) {
  uint32_t length = 0;
  while (length < size && text[length]) {
    ++length;
  }
  return length;
}

static int read_token(const struct DeviceTree* tree, uint32_t at, struct Token* token) {
  if (at > tree->nodes_size || tree->nodes_size - at < 4) {
    return 0;
  }
  const uint32_t left = tree->nodes_size - at - 4;
  const uint8_t* behind = tree->nodes + at + 4;
  *token = (struct Token){.kind = cell_at(tree->nodes + at), .next = at + 4};
  if (token->kind == kBeginNode) {
    token->name = (const char*)behind;
    const uint32_t length = length_of(token->name, left);
    token->next += (length & ~3u) + 4;
    return length < left;
  }
  if (token->kind == kProperty) {
    if (left < 8) {
      return 0;
    }
    token->length = cell_at(behind);
    const uint32_t name = cell_at(behind + 4);
    token->value = behind + 8;
    token->name = tree->strings + name;
    token->next += 8 + ((token->length + 3) & ~3u);
    return token->length <= left - 8 && name < tree->strings_size &&
           length_of(token->name, tree->strings_size - name) < tree->strings_size - name;
  }
  return token->kind == kEndNode || token->kind == kNop;
}

static int is_same(const char* a, const char* b) {
  while (*a && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

static int is_named(const char* full, const char* name) {
  while (*name && *full == *name) {
    ++full;
    ++name;
  }
  return !*name && (!*full || *full == '@');
}

const uint8_t* tree_property(const struct DeviceTree* tree, TreeNode node, const char* name,
                             uint32_t* length) {
  struct Token token;
  if (!node) {
    return 0;
  }
  // 5.4.2: a node's properties come before its children.
  for (uint32_t at = node; read_token(tree, at, &token); at = token.next) {
    if (token.kind == kBeginNode || token.kind == kEndNode) {
      return 0;
    }
    if (token.kind == kProperty && is_same(token.name, name)) {
      if (length) {
        *length = token.length;
      }
      return token.value;
    }
  }
  return 0;
}

static int is_compatible(const struct DeviceTree* tree, TreeNode node, const char* wanted) {
  uint32_t length = 0;
  const uint8_t* list = tree_property(tree, node, "compatible", &length);
  for (uint32_t at = 0; list && at < length;) {
    const char* one = (const char*)list + at;
    const uint32_t size = length_of(one, length - at);
    if (size < length - at && is_same(one, wanted)) {
      return 1;
    }
    at += size + 1;
  }
  return 0;
}

// The next node of which `name` is the name, or with which `compatible` is.
static TreeNode find(const struct DeviceTree* tree, const char* name, const char* compatible,
                     TreeNode after) {
  struct Token token;
  for (uint32_t at = after; read_token(tree, at, &token); at = token.next) {
    if (token.kind != kBeginNode) {
      continue;
    }
    if (name ? is_named(token.name, name) : is_compatible(tree, token.next, compatible)) {
      return token.next;
    }
  }
  return 0;
}

TreeNode tree_named(const struct DeviceTree* tree, const char* name, TreeNode after) {
  return find(tree, name, 0, after);
}

TreeNode tree_compatible(const struct DeviceTree* tree, const char* compatible, TreeNode after) {
  return find(tree, 0, compatible, after);
}

uint32_t tree_cell(const struct DeviceTree* tree, TreeNode node, const char* name, unsigned index) {
  uint32_t length = 0;
  const uint8_t* value = tree_property(tree, node, name, &length);
  return value && index < length / 4 ? cell_at(value + 4 * index) : 0;
}

uint64_t tree_wide(const struct DeviceTree* tree, TreeNode node, const char* name, unsigned index) {
  return (uint64_t)tree_cell(tree, node, name, 2 * index) << 32 |
         tree_cell(tree, node, name, 2 * index + 1);
}
