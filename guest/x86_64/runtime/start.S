// Entry of the ELF64 programs, by either protocol that a loader of ELF kernels may use:
//   the PVH note's address: 32-bit protected mode, paging off, EBX = start_info;
//   the ELF entry: 64-bit mode, RSI = zero page (Linux 64-bit boot protocol).

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18              // name and descriptor size; XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_start             // eight bytes wide, as Linux has it: some loaders read no less

    .text
    .code32
    .globl pvh_start
pvh_start:
    cli
    cld
    mov %ebx, %ebp
    lgdt gdt_pointer
    mov %cr4, %eax
    or $0x20, %eax              // PAE
    mov %eax, %cr4
    mov $page_map, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       // EFER
    rdmsr
    or $0x100, %eax             // LME
    wrmsr
    mov %cr0, %eax
    or $0x80000001, %eax        // PG, PE
    mov %eax, %cr0
    ljmp $0x08, $pvh_long

    .code64
pvh_long:
    mov %ebp, %esi              // clears the upper half too
    xor %edi, %edi
    jmp run

    .globl elf_start
elf_start:
    cli
    cld
    lgdt gdt_pointer
    mov $page_map, %eax
    mov %rax, %cr3
    mov $stack_top, %esp
    push $0x08
    push $elf_long
    lretq
elf_long:
    mov $1, %edi
run:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov $stack_top, %esp
    xor %ebp, %ebp
    call start_program
0:  cli
    hlt
    jmp 0b

    .data
    .balign 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff    // 0x08 code, 64-bit, CPL 0
    .quad 0x00cf93000000ffff    // 0x10 data, CPL 0 (SYSCALL wants it after the code)
    .quad 0x00cff3000000ffff    // 0x18 data, CPL 3
    .quad 0x00affb000000ffff    // 0x20 code, 64-bit, CPL 3
    .quad 0x00cf9b000000ffff    // 0x28 code, 32-bit, CPL 0
    .globl gdt_tss
gdt_tss:
    .quad 0, 0                  // 0x30 filled in by who needs a TSS
gdt_end:
    .globl gdt_pointer
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt

// The first 4 GiB, one to one in 2 MiB pages, open to CPL 3. Laid out by the assembler, because on a KVM that
// interprets kernel code filling 2048 entries would take milliseconds.
    .balign 4096
    .globl page_map
page_map:
    .quad page_map_l3 + 7
    .fill 511, 8, 0
page_map_l3:
    .quad page_map_l2 + 7, page_map_l2 + 0x1007, page_map_l2 + 0x2007, page_map_l2 + 0x3007
    .fill 508, 8, 0
page_map_l2:
    .set address, 0
    .rept 2048
    .quad address + 0x87
    .set address, address + 0x200000
    .endr

    .bss
    .balign 16
    .skip 16384
stack_top:
    .section .note.GNU-stack, "", @progbits
