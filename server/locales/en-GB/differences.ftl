# What British readers read otherwise in mails; everything else is en-US.
mail-receipt-shipping = Delivery
mail-gift-where = It pays for what { $shop } sells, and for delivery and tax on that. It does not expire.
