gift-title = Gift cards of { $shop }
gift-lead = A gift card is a code that is sent by e-mail. Whoever has it pays with it for what { $shop } sells, all at once or bit by bit.
gift-trouble = The payment could not begin
gift-amount = How much
gift-named = Another amount
gift-named-hint = From { $least } to { $most }
gift-pieces = How many cards
gift-pieces-hint = Each has a code of its own; at most { $most }
gift-to = Who for
gift-to-other = Send it to somebody
gift-to-self = Send it to me
gift-recipient-email = Their e-mail address
gift-recipient = Name of who gets it (optional)
gift-sender = Your name as it stands in the e-mail (optional)
gift-message = Message (optional)
gift-day = Day it is sent (optional)
gift-day-hint = Sent at 10:00 UTC of that day, up to a year ahead. Leave it empty to send it at once.
gift-you = You
gift-email = Your e-mail address
gift-email-hint = For the receipt and the page of your order
gift-where = It pays for what { $shop } sells, with shipping and tax, and nowhere else. { $shop } owes it. It does not expire.
gift-tax = No tax is charged on a gift card, but on what it pays for. You get a receipt; it is no tax invoice.
gift-back = As long as nothing of it was spent you can correct the address on the page of your order.
gift-withdraw-here = As long as nothing of it was spent you can withdraw from the purchase there, within { $days ->
    [one] one day
   *[other] { $days } days
 }.
gift-withdraw-tell = As long as nothing of it was spent you can withdraw from the purchase within { $days ->
    [one] one day
   *[other] { $days } days
 }: tell { $shop }.
gift-withdraw-none = { $country }: no law is known to us that lets you withdraw from the purchase only because you changed your mind.
gift-withdraw-unknown = { $country }: whether the law there lets you withdraw from the purchase only because you changed your mind is not recorded here. Ask { $shop }.
gift-pay = Discounts, gift cards and store credit do not pay for gift cards.
gift-buy = Pay for the gift card
gift-not-here = This shop sells no gift cards in a currency that you can pay in here ({ $currency }). Choose another country or currency at the foot of the page.
gift-waits = Is sent to { $email } on { $when }
gift-sent = Was sent to { $email } on { $when }
gift-used = Was sent to { $email }; something of it was spent
gift-over = Is over: its code pays for nothing any more
gift-correct = Send it to another address
gift-correct-of = : card { $number }
gift-correct-text = A card that was sent gets a new code, and the old one is dead. What was not sent yet goes to the new address on its day.
gift-correct-go = Send it there
gift-corrected = The address is changed
gift-corrected-text = The card goes to the address you wrote.
gift-not-corrected = The address was not changed
gift-trouble-fault-email = Write an e-mail address like name@example.com.
gift-trouble-gift-used = Something of this card was spent, or it is over.
gift-trouble-gift-many = This card was sent too often. Write to the shop.
gift-trouble-changed-meanwhile = The card changed a moment ago. Look at it again.
gift-trouble-other = Try again in a moment.
gift-store = Gift cards
gift-store-text = Give what they like best, and let them choose.
gift-store-go = Buy a gift card
fulfil-gift = gift card
fault-gift-amount = Choose an amount, or write one between the least and the most
fault-gift-pieces = Write a number from 1 to 10
fault-gift-day = Choose a day from today to a year ahead
trouble-gift_currency = This shop sells no gift cards in this currency.
trouble-gift_changed = These gift cards are sold in another currency now. Choose the amount again; nothing was charged.
