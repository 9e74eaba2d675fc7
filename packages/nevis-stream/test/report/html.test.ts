import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, jsonForScript, trusted } from '../../src/report/html.ts';

describe('html', () => {
  it('escapes text, keeps markup, joins lists and leaves nothing out as nothing', () => {
    const inner = html`<b>${'a & b'}</b>`;
    const page = html`<p title="${'"\'<>'}">${[inner, 1, ' ', trusted('<i>')]}${null}${undefined}${false}${0}</p>`;
    expect(page.markup).toBe('<p title="&quot;&#39;&lt;&gt;"><b>a &amp; b</b>1 <i>0</p>');
  });

  it('lets no text end an attribute or begin an element, and loses none of it', () => {
    const entities = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" } as Record<
      string,
      string
    >;
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>&"\'a;#3lt') }), (text) => {
        const { markup } = html`${text}`;
        expect(markup).not.toMatch(/[<>"']/);
        expect(markup.replace(/&(#?\w+);/g, (_, name: string) => entities[name] ?? '?')).toBe(text);
      }),
    );
  });

  it('keeps backslashes as they are', () => {
    expect(html`${'\\n'}`.markup).toBe('\\n');
  });
});

describe('jsonForScript', () => {
  it('has no way to end its script element and reads back equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('</script>', '<!--', '<script'), (json, text) => {
        const { markup } = jsonForScript([json, text]);
        expect(markup).not.toContain('<');
        expect(JSON.parse(markup)).toEqual(JSON.parse(JSON.stringify([json, text])));
      }),
    );
  });
});
