# Growing the stack by a size that is known at run time only, which LLVM's code asks for:
# __ve_grow_stack(size), __ve_grow_stack_align(size, mask). They change %sp, and of other registers %s62 and %s63 alone.
# The caller has rounded the size, and takes the memory above its area for calls.

	.text
	.hidden	__ve_grow_stack
	.globl	__ve_grow_stack
	.p2align	4
	.type	__ve_grow_stack,@function
__ve_grow_stack:
	subs.l	%sp, %sp, %s0
	brge.l.t	%sp, %sl, .Lenough
# System call 315 of the process moves the limit: old limit, wanted pointer.
.Lgrow:
	ld	%s63, 24(, %tp)
	lea	%s62, 315
	shm.l	%s62, (%s63)
	shm.l	%sl, 8(%s63)
	shm.l	%sp, 16(%s63)
	or	%s62, 0, %s0
	monc
	or	%s0, 0, %s62
.Lenough:
	b.l.t	(, %lr)
.Lend:
	.size	__ve_grow_stack, .Lend-__ve_grow_stack

	.hidden	__ve_grow_stack_align
	.globl	__ve_grow_stack_align
	.p2align	4
	.type	__ve_grow_stack_align,@function
__ve_grow_stack_align:
	subs.l	%sp, %sp, %s0
	and	%sp, %sp, %s1
	brlt.l.t	%sp, %sl, .Lgrow
	b.l.t	(, %lr)
.Lend_align:
	.size	__ve_grow_stack_align, .Lend_align-__ve_grow_stack_align
