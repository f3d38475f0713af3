/**
 * Keeps the page current: takes each look that the server sends and changes only what differs, so that focus, selection
 * and scroll position stay where they are. Without it the page is whole, and renews itself.
 */
export const SCRIPT = `
const main=document.querySelector('main'),live=document.querySelector('#live');
function patch(old,next){
  if(old.nodeType!==next.nodeType||old.nodeName!==next.nodeName||(old.id||'')!==(next.id||'')){old.replaceWith(next.cloneNode(true));return}
  if(old.nodeType===3){if(old.data!==next.data)old.data=next.data;return}
  for(const {name} of [...old.attributes])if(!next.hasAttribute(name))old.removeAttribute(name);
  for(const {name,value} of next.attributes)if(old.getAttribute(name)!==value)old.setAttribute(name,value);
  const a=[...old.childNodes],b=[...next.childNodes];
  b.forEach((child,i)=>a[i]?patch(a[i],child):old.append(child.cloneNode(true)));
  a.slice(b.length).forEach(child=>child.remove());
}
const source=new EventSource('/console/stream');
source.onmessage=event=>{
  const focused=document.activeElement?.id,next=document.createElement('main');
  next.id='main';next.tabIndex=-1;next.innerHTML=JSON.parse(event.data);patch(main,next);
  if(focused&&document.activeElement?.id!==focused)document.getElementById(focused)?.focus();
  live.textContent='live';live.className='good';
};
source.onerror=()=>{live.textContent='not reached, trying again';live.className='bad'};
`;
