/* SPDX-License-Identifier: GPL-2.0 */
/* A boot sector that writes all the time: see test_lab.py.
 *
 * HOT pages, one byte each, are counted up in turn, so that two of them never differ by more than one.
 * Between two rounds one of the many cold pages is written, which keeps a migration going, and none of
 * which has the place of a hot one in QEMU's TLB (256 pages by their number).
 */
#define HOT		0x100000	/* to 0x140000: 64 pages */
#define COLD		0x240000	/* to 0x7000000, without the first 64 of each 256 pages */

	.code16
	.globl _start
_start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	inb	$0x92, %al		/* A20 */
	orb	$2, %al
	outb	%al, $0x92
	lgdtl	gdtr
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $flat

	.code32
flat:
	movw	$16, %ax
	movw	%ax, %ds
again:
	movl	$COLD, %esi
round:
	movl	$HOT, %eax
page:
	incb	(%eax)
	addl	$0x1000, %eax
	cmpl	$(HOT + 0x40000), %eax
	jb	page
	incb	(%esi)
	addl	$0x1000, %esi
	testl	$0xc0000, %esi
	jnz	next
	addl	$0x40000, %esi
next:
	cmpl	$0x7000000, %esi
	jb	round
	jmp	again

	.align	8
gdt:	.quad	0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdtr:	.word	23
	.long	gdt
	.org	510
	.word	0xaa55
