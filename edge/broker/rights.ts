/** Whether an MQTT topic matches a filter (MQTT 3.1.1 section 4.7). Topics that begin with $ match no wildcard at their start. */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const [wanted, given] = [filter.split('/'), topic.split('/')];
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return i === wanted.length - 1;
    if (i >= given.length || (wanted[i] !== '+' && wanted[i] !== given[i])) return false;
  }
  return wanted.length === given.length;
}

/** Whether everything that the subscription `asked` can match is matched by `filter` too: levels one by one, wildcards only under wildcards. */
export function covers(filter: string, asked: string): boolean {
  const [wide, narrow] = [filter.split('/'), asked.split('/')];
  for (let i = 0; i < wide.length; i++) {
    if (wide[i] === '#') return i === wide.length - 1;
    if (i >= narrow.length || narrow[i] === '#' || (wide[i] !== '+' && wide[i] !== narrow[i])) return false;
  }
  return wide.length === narrow.length;
}
