// What is the same in two languages, and why that is no mistake.

export const SAME: Readonly<Record<string, string>> = {
  Name: 'the German word is this one, too',
};
