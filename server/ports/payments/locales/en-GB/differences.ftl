# What British readers read otherwise; everything else is en-US.
sim-method-bank_debit = Direct Debit
sim-debit = Direct Debit
sim-error-debit = Choose how the Direct Debit ends.
